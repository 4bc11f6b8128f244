"""`migrator demo`: runs a federation on this machine, and pokes at the one that runs."""

from __future__ import annotations

import argparse
from typing import Any

from migrator.commands.errors import CommandError

NOTICE_S = 30.0


def add_parser(subparsers: Any) -> None:
    """Add the subcommand and its own subcommands."""
    parser = subparsers.add_parser("demo", help="a federation on this machine; prints the URL")
    parser.add_argument("--port", type=int, help="the redirector's port (default: chosen)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--dir", metavar="D", help="the demo's folder, to be made (default: one of its own, removed at the end)"
    )
    parser.add_argument(
        "--replacement", type=float, default=20.0, metavar="S", help="seconds until a killed machine is replaced"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    verb = _verb(verbs, "preempt", "a notice for a member's machine, then its death")
    verb.add_argument("--member", help="whose machine (default: where the session is, if there is one session)")
    verb.add_argument("--notice", type=float, default=NOTICE_S, metavar="S", help="seconds of notice (default: 30)")
    _verb(verbs, "status", "members, sessions and their timelines")
    for name, text in (("move", "move a session"), ("suspend", "suspend a session"), ("resume", "resume a session")):
        verb = _verb(verbs, name, text)
        verb.add_argument("session", nargs="?", help="the session's id (default: the only session)")


def _verb(verbs: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    parser.add_argument(
        "--dir", metavar="D", help="the demo's folder (default: of the newest demo)", default=argparse.SUPPRESS
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Run a demo until Ctrl-C, or do one thing to a running one."""
    from migrator.demo import client, running  # noqa: PLC0415 - only when it runs: see migrator.cli
    from migrator.demo.errors import DemoError  # noqa: PLC0415
    from migrator.demo.plan import Options  # noqa: PLC0415

    try:
        if args.verb is None:
            return running.run(args.dir, Options(args.port, args.replacement), browser=not args.no_browser)
        return client.act(args.verb, args)
    except DemoError as error:
        raise CommandError(str(error)) from error

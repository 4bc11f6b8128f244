"""`migrator watch-machine`: passes the cloud's warnings about this machine on to the controller."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from migrator.commands.errors import CommandError

NAME = "watch-machine"


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(NAME, help="pass a cloud's warnings about this machine on to the controller")
    parser.add_argument("--provider", required=True, choices=["aws", "gce", "azure"])
    parser.add_argument("--controller", required=True, metavar="URL")
    parser.add_argument("--secret-file", required=True, metavar="FILE", help="the secret for notices")
    parser.add_argument("--machine", metavar="NAME", help="the node's name; default: $NODE_NAME")
    parser.add_argument(
        "--metadata", metavar="URL", help="the metadata endpoint, if it is not the provider's usual one"
    )


def run(args: argparse.Namespace) -> int:
    """Watch until SIGTERM."""
    machine = args.machine or os.environ.get("NODE_NAME")
    if not machine:
        raise CommandError("give the machine's name: --machine, or NODE_NAME in the environment")
    try:
        secret = Path(args.secret_file).read_text().strip()
    except OSError as error:
        raise CommandError(f"cannot read the secret for notices: {error}") from error
    asyncio.run(_watch(args, machine, secret))
    return 0


async def _watch(args: argparse.Namespace, machine: str, secret: str) -> None:
    from migrator.notice.clouds import CLOUDS  # noqa: PLC0415 - only when it runs: see migrator.cli
    from migrator.notice.machine_watch import MachineWatch  # noqa: PLC0415
    from migrator.serving.logs import configure  # noqa: PLC0415

    configure(NAME, "INFO")
    kind = CLOUDS[args.provider]
    watch = MachineWatch(kind(args.metadata) if args.metadata else kind(), machine, args.controller, secret)
    task = asyncio.ensure_future(watch.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.gather(task, return_exceptions=True)

"""`migrator restore`: loads a snapshot, or a downloaded session, into a fresh kernel."""

from __future__ import annotations

import argparse
from typing import Any

from migrator.commands import options


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("restore", help="a snapshot into a fresh kernel; prints what came back")
    parser.add_argument(
        "snapshot",
        metavar="SNAPSHOT",
        help="the snapshot's id (with --store and --key-file), or a downloaded session.zip",
    )
    options.add(parser, store=False)
    parser.add_argument("--session", metavar="ID", help="the session's id (default: looked up in the store)")
    parser.add_argument(
        "--kernel", metavar="ID", help="which kernel of the snapshot, or its notebook's path (default: the only one)"
    )


def run(args: argparse.Namespace) -> int:
    """Restore the kernel and print what came back."""
    from migrator.commands import kernels, restore_kernel  # noqa: PLC0415 - only when it runs: see migrator.cli

    return kernels.run_to_end(restore_kernel.main(args))

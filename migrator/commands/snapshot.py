"""`migrator snapshot`: saves a running kernel into a store. The second time only what changed is written."""

from __future__ import annotations

import argparse
from typing import Any

from migrator.commands import options


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("snapshot", help="a running kernel into a store; prints the snapshot's id")
    options.add(parser)
    parser.add_argument("--session", metavar="ID", help="the session's id (default: made from the connection file)")
    parser.add_argument(
        "--base", metavar="ID", default="auto", help="snapshot to build on, or 'none' (default: the kernel's newest)"
    )
    parser.add_argument(
        "--boundary", action="store_true", help="wait for the end of a running cell (default: its half-way state)"
    )


def run(args: argparse.Namespace) -> int:
    """Save the kernel and print what was saved."""
    from migrator.commands import kernels, snapshot_kernel  # noqa: PLC0415 - only when it runs: see migrator.cli

    return kernels.run_to_end(snapshot_kernel.main(args))

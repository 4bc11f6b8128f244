"""`migrator controller`: runs the controller."""

from __future__ import annotations

import argparse
from typing import Any

from migrator.commands.services import add_service_parser, run_service


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    add_service_parser(subparsers, "controller")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    return run_service("controller", args)

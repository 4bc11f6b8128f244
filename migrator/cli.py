"""The `migrator` command: finds the subcommand and turns its errors into one clear line and an exit code.

Each subcommand is a module of `migrator.commands` with `add_parser(subparsers)` and `run(args) -> int`; what it
needs (boto3, kubernetes, tornado) is imported only when it runs, so that `migrator --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from migrator.commands.errors import CommandError

COMMANDS = ("demo", "snapshot", "restore", "sessions", "check", "redirector", "gateway", "controller", "watch_machine")


def parser() -> argparse.ArgumentParser:
    """The whole command line; each subcommand adds its own part."""
    top = argparse.ArgumentParser(
        prog="migrator", description="Keeps Jupyter sessions alive when their machine goes away."
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"migrator.commands.{name}").add_parser(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand: 0 done, 1 failed with a message on stderr, 2 wrong usage, 130 interrupted."""
    args = parser().parse_args(argv)
    command = importlib.import_module(f"migrator.commands.{args.command.replace('-', '_')}")
    try:
        code: int = command.run(args)
    except CommandError as error:
        sys.stderr.write(f"migrator {args.command}: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return code

"""What the three services' subcommands share: their flags, and how one is run until it gets SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from typing import Any

from migrator.commands.errors import CommandError


def add_service_parser(subparsers: Any, name: str) -> None:
    """The flags of `migrator NAME`."""
    parser = subparsers.add_parser(name, help=f"run the {name}")
    parser.add_argument("--config", metavar="FILE", help="a traitlets configuration file (.py)")
    parser.add_argument("--ip", help="address to listen on")
    parser.add_argument("--port", help="port to listen on; 0 chooses one")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], dest="overrides", help="a setting")
    parser.add_argument("--settings", action="store_true", help="list all settings and exit")


def run_service(name: str, args: argparse.Namespace) -> int:
    """Serve; a wrong setting or a missing secret is one clear line and exit code 1."""
    from migrator.serving.settings import SettingsError  # noqa: PLC0415 - only when it runs: see migrator.cli

    settings_class = getattr(importlib.import_module(f"migrator.{name}.settings"), name.capitalize())
    if args.settings:
        sys.stdout.write("\n".join(settings_class.describe()) + "\n")
        return 0
    short = [f"{key}={value}" for key in ("ip", "port") if (value := getattr(args, key)) is not None]
    try:
        settings = settings_class.read(args.config, [*args.overrides, *short])
        asyncio.run(_serve(name, settings))
    except (SettingsError, OSError) as error:
        raise CommandError(str(error)) from error
    return 0


async def _serve(name: str, settings: Any) -> None:
    from migrator.serving.logs import configure  # noqa: PLC0415

    configure(name, settings.log_level)
    service = await importlib.import_module(f"migrator.{name}.app").start(settings)
    await service.run_until_signal()

"""`migrator check`: reads every record, manifest, pack, block and journal entry of a store, and names what is wrong."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from migrator.commands.errors import CommandError


def add_parser(subparsers: Any) -> None:
    """Add the flags of `migrator check`."""
    parser = subparsers.add_parser(
        "check",
        help="verify everything in a store",
        description="Verifies every pack, manifest, journal entry and record. Exit code 1 and a line for each fault.",
    )
    parser.add_argument("--store", required=True, metavar="URL", help="file:///dir or s3://bucket/prefix?endpoint=...")
    parser.add_argument(
        "--key-file",
        required=True,
        type=Path,
        metavar="K",
        help="the federation's secret, which opens all records; or one session's key: 32 bytes, 64 hex digits or base64",
    )
    parser.add_argument("--session", metavar="ID", help="check this one only")
    parser.add_argument("--json", action="store_true", help="print one JSON object: faults and summary")


def run(args: argparse.Namespace) -> int:
    """Check; 0 if all is well, 1 with faults or if the store cannot be read."""
    from migrator.session.errors import BadId  # noqa: PLC0415 - only when it runs: see migrator.cli
    from migrator.storage.errors import StorageError  # noqa: PLC0415 - only when it runs: see migrator.cli

    try:
        return asyncio.run(_check(args))
    except (StorageError, BadId, OSError) as error:
        raise CommandError(str(error)) from error


async def _check(args: argparse.Namespace) -> int:
    from migrator.session.checking import StoreCheck  # noqa: PLC0415 - only when it runs: see migrator.cli
    from migrator.storage.opening import open_store  # noqa: PLC0415 - only when it runs: see migrator.cli

    secret, key = _keys(args.key_file)
    store = open_store(args.store)
    check = StoreCheck(store, secret=secret, key=key, progress=_progress(args.json))
    faults = []
    try:
        async for fault in check.faults(args.session):
            faults.append(dataclasses.asdict(fault))
            if not args.json:
                name = f"records/{fault.session}" if fault.key == "record" else f"sessions/{fault.session}/{fault.key}"
                sys.stdout.write(f"\r{name}: {fault.problem}\n")
    finally:
        await store.close()
    summary = dataclasses.asdict(check.summary)
    sys.stdout.write(json.dumps({"faults": faults, "summary": summary}) + "\n" if args.json else _line(summary))
    return 1 if faults else 0


def _keys(path: Path) -> tuple[bytes, bytes | None]:
    """Give the file's content as a federation secret, and as a session's key if it can be one."""
    from migrator.session.key_files import (  # noqa: PLC0415 - only when it runs: see migrator.cli
        BadKeyFile,
        read_federation_secret,
        read_session_key,
    )

    try:
        return read_federation_secret(path), read_session_key(path)
    except BadKeyFile:
        return read_federation_secret(path), None


def _line(summary: dict[str, int]) -> str:
    return "{sessions} sessions, {snapshots} whole snapshots, {garbage} packs to collect, {faults} faults\n".format_map(
        summary
    )


def _progress(quiet: bool) -> Any:
    """Say what is being read, on a terminal only."""
    if quiet or not sys.stderr.isatty():
        return lambda name: None
    return lambda name: sys.stderr.write(f"\r\x1b[K{name[:100]}\r")

"""The options that `migrator snapshot` and `migrator restore` share. Imports nothing large: see migrator.cli."""

from __future__ import annotations

import argparse
from pathlib import Path

EPILOG = (
    "exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such kernel, 4 the kernel cannot be saved and is left alone, "
    "5 the kernel is busy, 6 the kernel died, 7 it could not be saved or loaded, 8 wrong key, 9 the snapshot is corrupt, "
    "10 no such snapshot, 11 the store is full or unreachable"
)


def add(parser: argparse.ArgumentParser, *, store: bool = True) -> None:
    """Add the options that both commands have; `store`: whether store and key must be given."""
    parser.epilog = EPILOG
    parser.add_argument("--connection-file", required=True, metavar="F", help="the running kernel's connection file")
    parser.add_argument("--store", required=store, metavar="URL", help="file:///dir or s3://bucket/prefix?endpoint=...")
    parser.add_argument(
        "--key-file",
        required=store,
        metavar="K",
        type=Path,
        help="the session's key: 32 bytes, raw, in hex or in base64",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="S", help="seconds to wait for a busy kernel (default: 600)"
    )

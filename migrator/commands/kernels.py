"""What `migrator snapshot` and `migrator restore` share when they run: store, key, session, and the exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from jupyter_extension.kernel_client import (
    KernelBusy,
    KernelDied,
    KernelError,
    KernelNotFound,
    KernelNotSupported,
    LoadFailed,
    SaveFailed,
)
from migrator.commands.errors import CommandError
from migrator.session.errors import SessionError
from migrator.session.key_files import read_session_key
from migrator.snapshot import SessionKeys, SnapshotCorrupt, SnapshotError, WrongKey
from migrator.storage import BadStoreURL, NotFound, ObjectStore, StorageError, open_store

ANSWER_S = 10.0  # a kernel that lives answers on its control channel at once, busy or not

# Which error ends the command with which code; the first that fits counts.
EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (BadStoreURL, 2),
    (KernelNotFound, 3),
    (KernelNotSupported, 4),
    (KernelBusy, 5),
    (KernelDied, 6),
    (SaveFailed, 7),
    (LoadFailed, 7),
    (KernelError, 7),
    (WrongKey, 8),
    (SnapshotCorrupt, 9),
    (SnapshotError, 9),
    (NotFound, 10),
    (StorageError, 11),
    (SessionError, 2),
    (OSError, 1),
)


def run_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Run a command's coroutine; errors of the rooms below become one line and an exit code."""
    try:
        return asyncio.run(work)
    except tuple(kind for kind, _ in EXIT_CODES) as error:
        code = next(code for kind, code in EXIT_CODES if isinstance(error, kind))
        raise CommandError(str(error), code) from error


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[ObjectStore]:
    """Open a store for the time of the command."""
    store = open_store(url)
    try:
        yield store
    finally:
        await store.close()


def session_keys(path: Path) -> SessionKeys:
    """Read the key file; CommandError (2) if there is none."""
    try:
        return SessionKeys(read_session_key(path))
    except FileNotFoundError as error:
        raise CommandError(
            f"there is no key file {path}; make one with: head -c 32 /dev/urandom > {path}", 2
        ) from error


def default_session(connection_file: str) -> str:
    """The session id of a kernel that belongs to no session: always the same for the same connection file."""
    return "kernel-" + hashlib.blake2b(os.fsencode(os.path.realpath(connection_file)), digest_size=10).hexdigest()

"""Writes the changed files into a snapshot; a file that changes under our hands is read again."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Dict

from jupyter_extension.workspace.names import to_text
from jupyter_extension.workspace.scan import Found, Key, look
from migrator.snapshot import SnapshotWriter

CHUNK = 4 * 1024 * 1024
ATTEMPTS = 3
Entry = Dict[str, Any]


class Vanished(Exception):
    """The file was deleted between the look and the reading."""


def entry_of(key: Key, found: Found) -> Entry:
    """The row of the manifest; `blob` is added by whoever writes the content."""
    entry: Entry = {"root": key[0], "path": to_text(key[1]), "kind": found.kind, "mode": found.mode}
    if found.kind == "file":
        entry.update(size=found.size, mtime_ns=found.mtime_ns)
    if found.kind == "link":
        entry["target"] = found.target
    return entry


async def save_file(writer: SnapshotWriter, key: Key, path: str) -> tuple[Entry, Found, str | None]:
    """One file into the snapshot: its row, what it looked like, and a warning if no quiet reading was possible.

    Raises OSError if it can't be read, Vanished if it is gone.
    """
    warning = None
    for attempt in range(1, ATTEMPTS + 1):
        name = f"file/{key[0]}/{to_text(key[1])}" + (f"@{attempt}" if attempt > 1 else "")
        before, after = await _copy(writer, name, path)
        entry = entry_of(key, after)
        entry["blob"] = name
        if before.signature() == after.signature():
            return entry, after, None
        warning = "it changed while it was read; the copy may mix two versions"
        await asyncio.sleep(0.05 * attempt)
    return entry, before, warning


async def _copy(writer: SnapshotWriter, name: str, path: str) -> tuple[Found, Found]:
    loop = asyncio.get_running_loop()
    try:
        before, handle = await loop.run_in_executor(None, _open, path)
    except FileNotFoundError as e:
        raise Vanished(path) from e
    blob = writer.blob(name)
    try:
        while True:
            chunk = await loop.run_in_executor(None, os.read, handle, CHUNK)
            if not chunk:
                break
            await blob.write(chunk)
    finally:
        os.close(handle)
        await blob.close()
    try:
        return before, look(path)
    except FileNotFoundError:
        return before, before


def _open(path: str) -> tuple[Found, int]:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return look(path), handle
    except BaseException:
        os.close(handle)
        raise


def within_budget(found: dict[Key, Found], budget: int, limit: int) -> tuple[list[Key], list[tuple[Key, str]]]:
    """Which files fit: small ones first, so that one big file doesn't cost a thousand small ones."""
    kept, left, used = [], [], 0
    for key, item in sorted(found.items(), key=lambda pair: pair[1].size):
        if item.size > limit:
            left.append((key, f"{item.size} bytes are more than the {limit} that one file may have"))
        elif used + item.size > budget:
            left.append((key, f"the {budget} bytes that files may have are used up"))
        else:
            kept.append(key)
            used += item.size
    return sorted(kept), left

"""The names of objects that a pod may ask for. Everything else is refused before any store is asked."""

from __future__ import annotations

import re
from typing import Any

from migrator.serving.errors import ApiError

_ID = re.compile(r"[0-9a-f]{32}")
_JOURNAL = re.compile(r"([0-9]{8})-[0-9]{8}")


def check_snapshot_id(value: Any) -> str:
    """A snapshot's id, or 400."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ApiError(400, "bad_name", "A snapshot's id has 32 lower-case hex digits.")
    return value


def check_name(folder: str, name: str) -> str:
    """The key of one object of a session, or 400."""
    if not (_JOURNAL if folder == "journal" else _ID).fullmatch(name):
        raise ApiError(400, "bad_name", f"{ascii(name)[:80]} is no name of an object in {folder}.")
    return f"{folder}/{name}"


def check_writable(folder: str, name: str, epoch: int) -> str:
    """The same for writing: nobody writes into the journal of another epoch."""
    key = check_name(folder, name)
    match = _JOURNAL.fullmatch(name)
    if folder == "journal" and match and int(match[1]) != epoch:
        raise ApiError(400, "bad_name", f"A journal of epoch {epoch} is named {epoch:08d}-....")
    return key

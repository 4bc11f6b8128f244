"""Checks keys where they enter a store, so that no key can leave its folder, bucket or session."""

from __future__ import annotations

import re

from migrator.storage.errors import InvalidKey

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_PREFIX_END = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}|")
_WHAT_TO_DO = "use segments of letters, digits, '.', '_' and '-' that begin with none of '.' and '-', joined by '/'"


def check_key(key: str) -> str:
    """Return the key, or raise `InvalidKey`."""
    if not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidKey(f"{key!r} is no key of an object store: {_WHAT_TO_DO}")
    return key


def check_prefix(prefix: str) -> str:
    """Return the prefix of a listing (`""`, `packs/`, `journal/000`), or raise `InvalidKey`."""
    *folders, end = prefix.split("/")
    if not (all(_SEGMENT.fullmatch(folder) for folder in folders) and _PREFIX_END.fullmatch(end)):
        raise InvalidKey(f"{prefix!r} is no prefix of keys: {_WHAT_TO_DO}")
    return prefix

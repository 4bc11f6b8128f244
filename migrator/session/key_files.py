"""Key files: the one form in which the command line takes a session's key or the federation's secret."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from migrator.session.errors import SessionError
from migrator.snapshot.keys import KEY_BYTES

_HEX = re.compile(rb"[0-9A-Fa-f]{64}")


class BadKeyFile(SessionError, ValueError):
    """The file holds no key of 32 bytes."""


def read_session_key(path: Path) -> bytes:
    """Read a key: 32 raw bytes, or 64 hex digits, or base64 of 32 bytes. Raises `BadKeyFile` or `OSError`."""
    data = path.read_bytes()
    if len(data) == KEY_BYTES:
        return data
    text = data.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text.decode())
    try:
        key = base64.b64decode(text.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKeyFile(f"{path} holds no key: it needs 32 bytes, raw, as 64 hex digits, or in base64")
    return key


def read_federation_secret(path: Path) -> bytes:
    """Read the federation's secret as the services do: the file's bytes without white space around them."""
    return path.read_bytes().strip()

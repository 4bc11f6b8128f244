"""Session ids and member names: made here, and checked here wherever they come in from outside."""

from __future__ import annotations

import re
import secrets

from migrator.session.errors import BadId

_SESSION = re.compile(r"[a-z0-9][a-z0-9-]{7,62}")
_MEMBER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SHOWN = 80


def new_session_id() -> str:
    """Make an id with 128 random bits that nobody can guess."""
    return secrets.token_hex(16)


def check_session_id(text: object) -> str:
    """Return a valid session id, or raise `BadId`."""
    if not isinstance(text, str) or not _SESSION.fullmatch(text):
        raise BadId(
            f"{_shown(text)} is no session id: it has 8 to 63 lower-case letters, digits and '-', none of '-' in front"
        )
    return text


def is_session_id(text: str) -> bool:
    """Tell whether this is a valid session id, where it is no error if not."""
    return _SESSION.fullmatch(text) is not None


def check_member(text: object) -> str:
    """Return a valid member name, or raise `BadId`."""
    if not isinstance(text, str) or not _MEMBER.fullmatch(text):
        raise BadId(f"{_shown(text)} is no member name: it has 1 to 32 lower-case letters, digits and '-'")
    return text


def _shown(text: object) -> str:
    """Quote for a message: control characters escaped, and not without end."""
    quoted = ascii(text)
    return quoted if len(quoted) <= _SHOWN else quoted[:_SHOWN] + "..."

"""Tokens by which pods and controllers know each other: signed, bound to one session, one epoch and one purpose.

v1.<kind>.<session>.<epoch>.<HMAC-SHA256 of what stands before, base64url without padding>
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from migrator.session.errors import BadId, BadToken
from migrator.session.ids import check_session_id

KINDS = ("session", "control")  # pod -> gateway, controller -> pod
_VERSION = "v1"
_LONGEST = 300


class Token(NamedTuple):
    """What a valid token says."""

    kind: str
    session: str
    epoch: int


def issue(secret: bytes, kind: str, session: str, epoch: int) -> str:
    """Sign a token under the federation secret."""
    if kind not in KINDS or epoch < 1:
        raise ValueError(f"kind {kind!r} is none of {KINDS}, or epoch {epoch} is not at least 1")
    text = f"{_VERSION}.{kind}.{check_session_id(session)}.{epoch}"
    return f"{text}.{_signature(secret, text)}"


def verify(secret: bytes, token: str) -> Token:
    """Read a token; raises `BadToken` unless it is authentic. Whether its epoch still stands is the caller's question."""
    text, _, signature = token.rpartition(".") if len(token) <= _LONGEST else ("", "", "")
    if not text or not hmac.compare_digest(_signature(secret, text).encode(), signature.encode(errors="replace")):
        raise BadToken("the token is not valid; ask for a new one")
    version, kind, session, epoch = _parts(text)
    try:
        if version != _VERSION or kind not in KINDS:
            raise BadToken("the token is of a kind that this program does not know")
        return Token(kind, check_session_id(session), int(epoch))
    except (BadId, ValueError) as error:
        raise BadToken("the token is not valid; ask for a new one") from error


def _parts(text: str) -> list[str]:
    parts = text.split(".")
    if len(parts) != 4:
        raise BadToken("the token is not valid; ask for a new one")
    return parts


def _signature(secret: bytes, text: str) -> str:
    key = hmac.new(secret, b"session-migrator v1 tokens", hashlib.sha256).digest()
    digest = hmac.new(key, text.encode(errors="replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

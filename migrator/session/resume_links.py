"""A link to a session that can be kept: whoever has it may bring the session back, so it is signed and names nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac

from migrator.session.errors import BadToken
from migrator.session.ids import check_session_id

_LONGEST = 200


def resume_token(secret: bytes, session: str) -> str:
    """The part after `/resume/`: `<session>.<HMAC-SHA256, base64url>`."""
    return f"{check_session_id(session)}.{_sign(secret, session)}"


def resume_url(front_door: str, secret: bytes, session: str) -> str:
    """The whole link; empty in a federation without a front door."""
    return f"{front_door.rstrip('/')}/resume/{resume_token(secret, session)}" if front_door else ""


def read_resume_token(secret: bytes, token: str) -> str:
    """The session's id; `BadToken` if the link is not authentic."""
    session, _, signature = token.partition(".") if len(token) <= _LONGEST else ("", "", "")
    if not session or not hmac.compare_digest(_sign(secret, session).encode(), signature.encode(errors="replace")):
        raise BadToken("this link to a session is not valid")
    return check_session_id(session)


def _sign(secret: bytes, session: str) -> str:
    key = hmac.new(secret, b"session-migrator v1 resume", hashlib.sha256).digest()
    digest = hmac.new(key, session.encode(errors="replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

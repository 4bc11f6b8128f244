"""The secrets of a session in its record: its snapshot key, its server's token and the user's options.

They are encrypted under the federation secret, so that the bucket alone opens nothing.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from migrator.session.errors import NotSealed

_VERSION = b"\x01"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Secrets:
    """`key`: 32 bytes, of the snapshots; `token`: the server's, given again at each launch."""

    key: bytes = field(repr=False)
    token: str = field(default="", repr=False)
    user_options: dict[str, Any] = field(default_factory=dict, repr=False)


def seal(secret: bytes, session: str, content: Secrets) -> str:
    """Encrypt for the record's `sealed`: base64 of version 1, nonce 12, AES-256-GCM bound to the session's id."""
    plain = json.dumps(
        {
            "key": base64.b64encode(content.key).decode(),
            "token": content.token,
            "user_options": content.user_options,
        }
    )
    nonce = secrets.token_bytes(_NONCE_BYTES)
    encrypted = _cipher(secret).encrypt(nonce, plain.encode(), _bound_to(session))
    return base64.b64encode(_VERSION + nonce + encrypted).decode()


def unseal(secret: bytes, session: str, sealed: str) -> Secrets:
    """Undo `seal`; raises `NotSealed`."""
    try:
        data = base64.b64decode(sealed, validate=True)
        if data[:1] != _VERSION:
            raise NotSealed(f"the secrets of session {session} are missing or of an unknown version")
        nonce, encrypted = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        value = json.loads(_cipher(secret).decrypt(nonce, encrypted, _bound_to(session)))
        return Secrets(base64.b64decode(value["key"]), value["token"], value["user_options"])
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise NotSealed(
            f"the secrets of session {session} do not open; check that every member has the same federation secret"
        ) from error


def _bound_to(session: str) -> bytes:
    return b"session-migrator sealed v1\0" + session.encode()


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"session-migrator v1 sealed").derive(secret))

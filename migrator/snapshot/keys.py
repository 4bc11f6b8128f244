"""The keys of a session: one secret of 32 bytes, from which a key for each purpose is derived.

HKDF-SHA256 (RFC 5869), no salt, since the secret is random already; the purpose is the `info`.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
CHECK_BYTES = 16


class SessionKeys:
    """The derived keys. `check` is public: it tells a wrong key from damaged bytes, and says nothing of the key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a session key has {KEY_BYTES} bytes, not {len(key)}")
        self.ids = _derive(key, "block ids", KEY_BYTES)
        self.check = _derive(key, "key check", CHECK_BYTES)
        self.blocks = AESGCM(_derive(key, "blocks", KEY_BYTES))
        self.indexes = AESGCM(_derive(key, "pack indexes", KEY_BYTES))
        self.manifests = AESGCM(_derive(key, "manifests", KEY_BYTES))
        self.journal = AESGCM(_derive(key, "journal", KEY_BYTES))

    @staticmethod
    def generate() -> bytes:
        """Make a new session's secret."""
        return secrets.token_bytes(KEY_BYTES)


def _derive(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=f"session-migrator v1 {purpose}".encode()).derive(key)

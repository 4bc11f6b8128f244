"""The wrapping of everything that is read whole (manifest, pack index, journal entry): encrypted, bound to its place.

    magic 4 | version 2 | key check 16 | nonce 12 | AES-256-GCM of the plain bytes, tag included

The associated data are magic, version, session id and name, so that a valid object is refused in another place.
"""

from __future__ import annotations

import secrets
import struct
from enum import Enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from migrator.snapshot.errors import SnapshotCorrupt, WrongKey
from migrator.snapshot.keys import SessionKeys

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
_HEADER = struct.Struct(f">4sH16s{NONCE_BYTES}s")
OVERHEAD = _HEADER.size + TAG_BYTES


class Kind(Enum):
    """What lies in an envelope, by its magic number."""

    MANIFEST = b"SMMF"
    INDEX = b"SMIX"
    JOURNAL = b"SMJN"


def seal(kind: Kind, keys: SessionKeys, session: str, name: str, plain: bytes) -> bytes:
    """Encrypt `plain` for one place: the object `name` of `session`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = _HEADER.pack(kind.value, VERSION, keys.check, nonce)
    return header + _cipher(kind, keys).encrypt(nonce, plain, _bound_to(kind, session, name))


def unseal(kind: Kind, keys: SessionKeys, session: str, name: str, data: bytes) -> bytes:
    """Undo `seal`; raises `SnapshotCorrupt` or `WrongKey`, never returns bytes that are not authentic."""
    if len(data) < OVERHEAD:
        raise SnapshotCorrupt(f"{name} is cut off at {len(data)} bytes; use an older snapshot")
    magic, version, check, nonce = _HEADER.unpack_from(data)
    if magic == kind.value and version > VERSION:
        raise SnapshotCorrupt(f"{name} has format {version}, this program reads up to {VERSION}: update it")
    try:
        plain = _cipher(kind, keys).decrypt(nonce, data[_HEADER.size :], _bound_to(kind, session, name))
    except InvalidTag:
        plain = None
    if plain is None and check != keys.check and (magic, version) == (kind.value, VERSION):
        raise WrongKey(f"{name} of session {session} was written under another key; use that session's key")
    if plain is None or (magic, version, check) != (kind.value, VERSION, keys.check):
        raise SnapshotCorrupt(f"{name} of session {session} is damaged or not its own; use an older snapshot")
    return plain


def _bound_to(kind: Kind, session: str, name: str) -> bytes:
    return b"\0".join((kind.value, str(VERSION).encode(), session.encode(), name.encode()))


def _cipher(kind: Kind, keys: SessionKeys) -> AESGCM:
    return {Kind.MANIFEST: keys.manifests, Kind.INDEX: keys.indexes, Kind.JOURNAL: keys.journal}[kind]

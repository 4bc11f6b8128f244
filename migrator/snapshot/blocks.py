"""One block: its id from its plain bytes, and its encrypted form in a pack.

    codec 1 | nonce 12 | AES-256-GCM of the (perhaps compressed) bytes, tag included

The associated data are a magic number, the version, the codec, the block's id and the session id. The id is BLAKE3
keyed per session: the same bytes have another id in another session, and an id tells nothing to who lacks the key.
"""

from __future__ import annotations

import secrets
import struct
from typing import Any

import xxhash
from blake3 import blake3
from cryptography.exceptions import InvalidTag

from migrator.snapshot.compression import Codec, decompress
from migrator.snapshot.envelope import NONCE_BYTES, TAG_BYTES, VERSION
from migrator.snapshot.keys import SessionKeys
from migrator.storage.protocol import Buffer

BLOCK_BYTES = 4 * 1024 * 1024
OVERHEAD = 1 + NONCE_BYTES + TAG_BYTES
_BOUND = struct.Struct(">4sHB32s")


class DamagedBlock(Exception):
    """The bytes are not those of the block; the caller knows the pack and says so."""


def block_id(keys: SessionKeys, data: Buffer) -> bytes:
    """Name a block by its content: 32 bytes."""
    return blake3(data, key=keys.ids).digest()


def check_value(data: Buffer) -> bytes:
    """Give the fast checksum by which an unchanged block is recognised: xxh3-128, 16 bytes. No content address."""
    return xxhash.xxh3_128_digest(data)


def seal_block(
    keys: SessionKeys, session: str, identity: bytes, codec: Codec, data: Buffer, target: memoryview
) -> None:
    """Write the encrypted form into `target`, which has exactly `len(data) + OVERHEAD` bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    target[0] = codec
    target[1 : 1 + NONCE_BYTES] = nonce
    _encrypt(keys.blocks, nonce, data, _bound_to(codec, identity, session), target[1 + NONCE_BYTES :])


def open_block(
    keys: SessionKeys, session: str, identity: bytes, stored: memoryview, size: int, check: bytes | None = None
) -> bytes:
    """Give the plain bytes, verified; raises `DamagedBlock`, or `CodecMissing`. `check`: as in `open_block_into`."""
    codec, nonce, inner = _parts(stored)
    try:
        opened = keys.blocks.decrypt(nonce, inner, _bound_to(codec, identity, session))
        plain = decompress(codec, opened, size)
    except (InvalidTag, ValueError) as error:
        raise DamagedBlock(str(error) or "not authentic") from error
    _verify(keys, identity, plain, size, check)
    return plain


def open_block_into(
    keys: SessionKeys,
    session: str,
    identity: bytes,
    stored: memoryview,
    size: int,
    target: memoryview,
    check: bytes | None = None,
) -> None:
    """Put the plain bytes, verified, into `target` of `size` bytes; without a copy where the library can.

    The tag says that who has the key stored these bytes under this id, so nobody else can have changed them. That they
    are those which were meant is shown by `check`, their xxh3-128, if the caller knows it, and else by the id itself.
    """
    codec, nonce, inner = _parts(stored)
    if codec != Codec.PLAIN or len(inner) - TAG_BYTES != size or not hasattr(keys.blocks, "decrypt_into"):
        target[:] = open_block(keys, session, identity, stored, size, check)
        return
    try:
        keys.blocks.decrypt_into(nonce, inner, _bound_to(codec, identity, session), target)
    except (InvalidTag, ValueError) as error:
        raise DamagedBlock(str(error) or "not authentic") from error
    _verify(keys, identity, target, size, check)


def _parts(stored: memoryview) -> tuple[int, bytes, memoryview]:
    if len(stored) < OVERHEAD:
        raise DamagedBlock("too short")
    return stored[0], bytes(stored[1 : 1 + NONCE_BYTES]), stored[1 + NONCE_BYTES :]


def _verify(keys: SessionKeys, identity: bytes, plain: Buffer, size: int, check: bytes | None) -> None:
    if len(plain) != size or (check_value(plain) != check and block_id(keys, plain) != identity):
        raise DamagedBlock("other content than its id says")


def _bound_to(codec: int, identity: bytes, session: str) -> bytes:
    return _BOUND.pack(b"SMBK", VERSION, codec, identity) + session.encode()


def _encrypt(cipher: Any, nonce: bytes, data: Buffer, bound: bytes, target: memoryview) -> None:
    """Encrypt without a copy where the library can (cryptography 47 and later)."""
    if hasattr(cipher, "encrypt_into"):
        cipher.encrypt_into(nonce, data, bound, target)
    else:
        target[:] = cipher.encrypt(nonce, data, bound)

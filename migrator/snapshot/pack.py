"""A pack: many blocks in one object, so that storing is a few large writes. An encrypted index at its end lists them.

    magic SMPK | version 2 | blocks ... | index (envelope) | length of the index 4 | magic SMPE

The index alone suffices to check a pack, and to find every block again if no manifest is left.
"""

from __future__ import annotations

import mmap
import secrets
import struct
from typing import Iterable

from migrator.snapshot import envelope
from migrator.snapshot.envelope import VERSION, Kind, seal, unseal
from migrator.snapshot.errors import SnapshotCorrupt
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef

PACK_BYTES = 16 * 1024 * 1024
_HEAD = struct.Struct(">4sH")
_TAIL = struct.Struct(">I4s")
_ROW = struct.Struct(">32s16sIII")  # id, check, offset, stored, size
_FIRST = _HEAD.size


def pack_key(pack: str) -> str:
    """Give the key of a pack, relative to the session."""
    return f"packs/{pack}"


class Pack:
    """A pack that is being filled. Space is reserved under the packer's lock, and written to by any thread after it."""

    def __init__(self, buffer: bytearray | mmap.mmap) -> None:
        self.id = secrets.token_hex(16)
        self.buffer = buffer
        self.refs: list[BlockRef] = []
        self.block_bytes = 0
        self.pending = 0
        self.full = False
        self._used = _FIRST
        _HEAD.pack_into(buffer, 0, b"SMPK", VERSION)

    def has_room(self, stored: int) -> bool:
        """Tell whether a block of `stored` bytes still fits, its row in the index and the tail included."""
        index = envelope.OVERHEAD + _ROW.size * (len(self.refs) + 1) + _TAIL.size
        return self._used + stored + index <= len(self.buffer)

    def reserve(self, identity: bytes, check: bytes, stored: int, size: int) -> BlockRef:
        """Set space aside for a block; it counts as `pending` until its bytes are there."""
        ref = BlockRef(identity.hex(), self.id, self._used, stored, size, check.hex())
        self.refs.append(ref)
        self._used += stored
        self.block_bytes += stored
        self.pending += 1
        return ref

    def finish(self, keys: SessionKeys, session: str) -> memoryview:
        """Write the index and give the whole object."""
        index = seal(Kind.INDEX, keys, session, pack_key(self.id), _encode_index(self.refs))
        end = self._used + len(index)
        self.buffer[self._used : end] = index
        _TAIL.pack_into(self.buffer, end, len(index), b"SMPE")
        return memoryview(self.buffer)[: end + _TAIL.size]


def _encode_index(refs: Iterable[BlockRef]) -> bytes:
    return b"".join(_ROW.pack(bytes.fromhex(r.id), bytes.fromhex(r.check), r.offset, r.stored, r.size) for r in refs)


def read_index(data: bytes, keys: SessionKeys, session: str, pack: str) -> list[BlockRef]:
    """List the blocks of a whole pack by its own index; raises `SnapshotCorrupt` or `WrongKey`."""
    if len(data) < _HEAD.size + _TAIL.size or _HEAD.unpack_from(data)[0] != b"SMPK":
        raise SnapshotCorrupt(f"{pack_key(pack)} is no pack, or is cut off; use a snapshot that does not need it")
    length, magic = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    end = len(data) - _TAIL.size
    if magic != b"SMPE" or length > end - _HEAD.size:
        raise SnapshotCorrupt(f"{pack_key(pack)} is cut off; use a snapshot that does not need it")
    plain = unseal(Kind.INDEX, keys, session, pack_key(pack), data[end - length : end])
    return [
        BlockRef(identity.hex(), pack, offset, stored, size, check.hex())
        for identity, check, offset, stored, size in _ROW.iter_unpack(plain)
    ]

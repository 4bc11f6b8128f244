"""The manifest: what a snapshot consists of. It is written last; a snapshot without one does not exist.

Plain form: length of the head (4 bytes, big-endian) | head: JSON through zlib | one row of 64 bytes per block. The
head holds everything but the blocks; it names each pack once and each blob with its length and number of blocks, in
the order of the rows.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import Any, Iterator, NamedTuple

from migrator.snapshot.envelope import VERSION, Kind, seal, unseal
from migrator.snapshot.errors import SnapshotCorrupt
from migrator.snapshot.keys import SessionKeys

_LENGTH = struct.Struct(">I")
_ROW = struct.Struct(">32s16sIIII")  # id, check, number of the pack, offset, stored, size


class BlockRef(NamedTuple):
    """Where a block lies: `offset` and `stored` in the pack; `size` and `check` (xxh3-128) are of the plain bytes."""

    id: str
    pack: str
    offset: int
    stored: int
    size: int
    check: str


class Blob(NamedTuple):
    """One named stream of bytes: its blocks in order, `length` in all."""

    length: int
    blocks: tuple[BlockRef, ...]


@dataclass(frozen=True)
class Manifest:
    """A whole snapshot. `created` in Unix seconds; `parent` is the snapshot it was written on top of; `body` is JSON."""

    format: int
    session: str
    snapshot: str
    parent: str | None
    epoch: int
    created: float
    blobs: dict[str, Blob]
    body: dict[str, Any]

    @property
    def state_bytes(self) -> int:
        """The plain size of all blobs."""
        return sum(blob.length for blob in self.blobs.values())

    def packs(self) -> set[str]:
        """Every pack that this snapshot needs."""
        return {ref.pack for blob in self.blobs.values() for ref in blob.blocks}


def manifest_key(snapshot: str) -> str:
    """Give the key of a snapshot's manifest, relative to the session."""
    return f"manifests/{snapshot}"


def encode_manifest(manifest: Manifest, keys: SessionKeys) -> bytes:
    """Give the bytes to store; `body` must be JSON (`TypeError` or `ValueError` otherwise)."""
    numbers = {pack: number for number, pack in enumerate(sorted(manifest.packs()))}
    head = {
        "session": manifest.session,
        "snapshot": manifest.snapshot,
        "parent": manifest.parent,
        "epoch": manifest.epoch,
        "created": manifest.created,
        "body": manifest.body,
        "packs": list(numbers),
        "blobs": [[name, blob.length, len(blob.blocks)] for name, blob in manifest.blobs.items()],
    }
    packed = zlib.compress(json.dumps(head, separators=(",", ":")).encode(), 1)
    rows = b"".join(
        _ROW.pack(bytes.fromhex(r.id), bytes.fromhex(r.check), numbers[r.pack], r.offset, r.stored, r.size)
        for blob in manifest.blobs.values()
        for r in blob.blocks
    )
    plain = _LENGTH.pack(len(packed)) + packed + rows
    return seal(Kind.MANIFEST, keys, manifest.session, manifest_key(manifest.snapshot), plain)


def decode_manifest(data: bytes, keys: SessionKeys, session: str, snapshot: str) -> Manifest:
    """Undo `encode_manifest`; raises `SnapshotCorrupt` or `WrongKey`."""
    plain = unseal(Kind.MANIFEST, keys, session, manifest_key(snapshot), data)
    try:
        return _parse(plain)
    except (ValueError, KeyError, TypeError, IndexError, struct.error, zlib.error) as error:
        raise SnapshotCorrupt(
            f"the manifest of {snapshot} is authentic but not well formed ({error}); use an older snapshot"
        ) from error


def _parse(plain: bytes) -> Manifest:
    start = _LENGTH.size + _LENGTH.unpack_from(plain)[0]
    head = json.loads(zlib.decompress(plain[_LENGTH.size : start]))
    rows = _rows(memoryview(plain)[start:], head["packs"])
    blobs = {name: Blob(length, tuple(islice(rows, count))) for name, length, count in head["blobs"]}
    counts = (count for _, _, count in head["blobs"])
    whole = all(
        len(b.blocks) == count and sum(r.size for r in b.blocks) == b.length for b, count in zip(blobs.values(), counts)
    )
    if next(rows, None) is not None or not whole:
        raise ValueError("blobs and blocks do not fit together")
    return Manifest(
        VERSION, head["session"], head["snapshot"], head["parent"], head["epoch"], head["created"], blobs, head["body"]
    )


def _rows(table: memoryview, packs: list[str]) -> Iterator[BlockRef]:
    for identity, check, pack, offset, stored, size in _ROW.iter_unpack(table):
        yield BlockRef(identity.hex(), packs[pack], offset, stored, size, check.hex())

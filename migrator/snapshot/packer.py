"""Names, deduplicates, compresses and encrypts blocks straight into packs. Called from several threads at once.

Whoever is first with a block's content claims its id; later ones, and those of the base snapshot, only point there.
"""

from __future__ import annotations

import mmap
import threading
from typing import Callable, Iterable

from migrator.snapshot.blocks import OVERHEAD, block_id, check_value, seal_block
from migrator.snapshot.compression import Codec, compress
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef
from migrator.snapshot.pack import PACK_BYTES, Pack
from migrator.storage.protocol import Buffer

SPARE_BUFFERS = 4


class Slot:
    """A block on its way: its bytes until they are encrypted, then where it lies (`ref`)."""

    __slots__ = ("_done", "_first", "_ref", "check", "data")

    def __init__(self, data: Buffer, check: bytes | None, done: Callable[[], None] | None = None) -> None:
        self.data: Buffer = data
        self.check = check
        self._done = done
        self._ref: BlockRef | None = None
        self._first: Slot | None = None

    @property
    def ref(self) -> BlockRef:
        """Where the block lies; known once every job before the commit has ended."""
        found = self._first._ref if self._first is not None else self._ref
        assert found is not None
        return found

    def read(self) -> None:
        """Say that its bytes are needed no more."""
        self.data = b""
        if self._done is not None:
            self._done()

    def same_as(self, first: Slot) -> None:
        """Point to the slot that has the same content."""
        self._first = first

    def placed(self, ref: BlockRef) -> None:
        """Say where the block was put."""
        self._ref = ref


class Packer:
    """Fills packs. `known` blocks exist already and need no second copy; `squeeze` says if there is time to compress."""

    def __init__(
        self, keys: SessionKeys, session: str, known: Iterable[BlockRef], squeeze: Callable[[], bool] = lambda: True
    ) -> None:
        self._keys = keys
        self._squeeze = squeeze
        self._session = session
        self._lock = threading.Lock()
        self._base: dict[str, BlockRef] = {ref.id: ref for ref in known}
        self._claimed: dict[bytes, Slot] = {}
        self._open: Pack | None = None
        self._spare: list[bytearray | mmap.mmap] = []

    def add(self, slots: list[Slot]) -> tuple[list[Pack], int]:
        """Store blocks; gives the packs that are now complete, and how many of the bytes need no room in a pack."""
        ready: list[Pack] = []
        freed = 0
        for slot in slots:
            freed += len(slot.data) - self._add(slot, ready)
            slot.read()
        return ready, freed

    def finish(self) -> list[Pack]:
        """Close the last pack; no `add` may be under way or follow."""
        last, self._open = self._open, None
        return [last] if last is not None and last.refs else []

    def encode(self, pack: Pack) -> memoryview:
        """Give a complete pack's bytes."""
        return pack.finish(self._keys, self._session)

    def recycle(self, pack: Pack) -> None:
        """Take back the memory of a pack that is durable: a fresh buffer would cost a page fault for each 4 KiB."""
        with self._lock:
            if len(self._spare) < SPARE_BUFFERS:
                self._spare.append(pack.buffer)

    def _add(self, slot: Slot, ready: list[Pack]) -> int:
        """Store one block unless it is there; gives the bytes that it takes in a pack."""
        size = len(slot.data)
        identity = block_id(self._keys, slot.data)
        there = self._base.get(identity.hex())
        if there is not None:
            slot.placed(there)
            return 0
        first = self._claimed.setdefault(identity, slot)
        if first is not slot:
            slot.same_as(first)
            return 0
        check = check_value(slot.data) if slot.check is None else slot.check
        codec, stored = compress(slot.data) if self._squeeze() else (Codec.PLAIN, slot.data)
        pack, ref = self._reserve(identity, check, len(stored) + OVERHEAD, size, ready)
        slot.placed(ref)
        target = memoryview(pack.buffer)[ref.offset : ref.offset + ref.stored]
        seal_block(self._keys, self._session, identity, codec, stored, target)
        self._written(pack, ready)
        return ref.stored

    def _reserve(
        self, identity: bytes, check: bytes, stored: int, size: int, ready: list[Pack]
    ) -> tuple[Pack, BlockRef]:
        with self._lock:
            if self._open is not None and not self._open.has_room(stored):
                self._open.full = True
                if not self._open.pending:
                    ready.append(self._open)
                self._open = None
            if self._open is None:
                self._open = Pack(self._spare.pop() if self._spare else mmap.mmap(-1, PACK_BYTES))
            return self._open, self._open.reserve(identity, check, stored, size)

    def _written(self, pack: Pack, ready: list[Pack]) -> None:
        with self._lock:
            pack.pending -= 1
            if pack.full and not pack.pending:
                ready.append(pack)

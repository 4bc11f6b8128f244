"""Reads a snapshot: parallel ranged reads of packs, every block verified before anybody sees it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from itertools import accumulate
from typing import Any, AsyncContextManager, AsyncIterator, Callable, Coroutine, Iterable, Sequence, TypeVar

from migrator.snapshot.blocks import BLOCK_BYTES, OVERHEAD, DamagedBlock, open_block, open_block_into
from migrator.snapshot.compression import CodecMissing
from migrator.snapshot.errors import CannotRead, SnapshotCorrupt
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef, Manifest, decode_manifest, manifest_key
from migrator.snapshot.pack import pack_key
from migrator.snapshot.segments import Segment, plan
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectStore, ReadNow, read_now

AHEAD_BYTES = 48 * 1024 * 1024  # plain bytes that are fetched ahead of the caller
SMALL_BYTES = 32 * 1024  # below, a trip to a thread costs more than the work
LARGE_BYTES = 1024 * 1024  # from here on a block is worth a read of its own, where a read costs no request
CACHED_SEGMENTS = 8  # fetched ranges, of up to 8 MiB each, that are kept for the next blob
Place = Callable[[int, int], AsyncContextManager[memoryview]]
_T = TypeVar("_T")


async def open_snapshot(store: ObjectStore, keys: SessionKeys, session_id: str, snapshot_id: str) -> SnapshotReader:
    """Read and verify a manifest; raises `SnapshotCorrupt`, `WrongKey`, or the store's `NotFound`."""
    data = await store.get(manifest_key(snapshot_id))
    manifest = await in_thread(decode_manifest, data, keys, session_id, snapshot_id)
    segments = await in_thread(plan, [ref for blob in manifest.blobs.values() for ref in blob.blocks])
    return SnapshotReader(store, keys, manifest, segments)


class SnapshotReader:
    """An open snapshot; several tasks may read from it. It holds up to 80 MiB of fetched ranges, and no connection."""

    def __init__(
        self, store: ObjectStore, keys: SessionKeys, manifest: Manifest, segments: dict[BlockRef, Segment]
    ) -> None:
        self.manifest = manifest
        self._store = store
        self._keys = keys
        self._segments = segments
        self._fetched: OrderedDict[Segment, asyncio.Task[bytes]] = OrderedDict()
        self._read_now = read_now(store)
        self._scratch: list[bytearray] = []

    async def read(self, name: str) -> bytes:
        """Return a blob; `KeyError` if there is none. For a large one `read_into` or `stream` need less memory."""
        blob = self.manifest.blobs[name]
        if len(blob.blocks) == 1:
            return await self._block(blob.blocks[0])
        chunks = [chunk async for chunk in self.stream(name)]
        return await in_thread(b"".join, chunks) if blob.length > SMALL_BYTES else b"".join(chunks)

    async def read_into(self, name: str, target: memoryview) -> None:
        """Fill `target`, exactly as long as the blob. Its content is undefined if this raises."""
        blob = self.manifest.blobs[name]
        view = memoryview(target).cast("B")
        if len(view) != blob.length:
            raise ValueError(f"blob {name!r} has {blob.length} bytes, the buffer {len(view)}")

        @asynccontextmanager
        async def place(offset: int, size: int) -> AsyncIterator[memoryview]:
            yield view[offset : offset + size]

        await self.pour(name, place)

    async def pour(self, name: str, place: Place) -> None:
        """Decrypt a blob block by block into memory of the caller's, without a copy and in no particular order.

        `place(offset, size)` is entered for the memory of one block, and left when the block was put there and verified.
        """
        blocks = self.manifest.blobs[name].blocks
        offsets = list(accumulate((ref.size for ref in blocks), initial=0))
        async for _ in self._ahead(blocks, lambda number, ref: self._block_into(ref, offsets[number], place)):
            pass

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """Give a blob's blocks in order, decrypted and verified."""
        async for chunk in self._ahead(self.manifest.blobs[name].blocks, lambda _, ref: self._block(ref)):
            yield chunk

    async def _ahead(
        self, refs: Sequence[BlockRef], work: Callable[[int, BlockRef], Coroutine[Any, Any, _T]]
    ) -> AsyncIterator[_T]:
        """Give the results of `work` in order; as much as `AHEAD_BYTES` is under way at a time."""
        waiting: deque[tuple[asyncio.Task[_T], int]] = deque()
        ahead = number = 0
        try:
            while number < len(refs) or waiting:
                while number < len(refs) and (not waiting or ahead + refs[number].size <= AHEAD_BYTES):
                    waiting.append((asyncio.ensure_future(work(number, refs[number])), refs[number].size))
                    ahead += refs[number].size
                    number += 1
                task, size = waiting[0]
                result = await task
                waiting.popleft()
                ahead -= size
                yield result
        finally:
            await _cancel(task for task, _ in waiting)

    async def _block(self, ref: BlockRef) -> bytes:
        stored = await self._stored(ref)
        if len(stored) < SMALL_BYTES:
            return self._open(ref, stored, None)
        return await in_thread(self._open, ref, stored, None)

    async def _block_into(self, ref: BlockRef, offset: int, place: Place) -> None:
        if self._read_now is not None and LARGE_BYTES <= ref.stored <= BLOCK_BYTES + OVERHEAD:
            async with place(offset, ref.size) as target:
                await _finished(in_thread(self._read_and_open, ref, target, self._read_now))
            return
        fetching = asyncio.ensure_future(self._stored(ref))  # while the caller looks for a place
        try:
            async with place(offset, ref.size) as target:
                await _finished(in_thread(self._open, ref, await fetching, target))
        finally:
            await _cancel([fetching])

    async def _stored(self, ref: BlockRef) -> memoryview:
        segment = self._segments[ref]
        start = ref.offset - segment.start
        return memoryview(await self._fetch(segment))[start : start + ref.stored]

    def _read_and_open(self, ref: BlockRef, target: memoryview, read: ReadNow) -> None:
        """Read one block into memory that is used again and again, and open it from there."""
        scratch = self._scratch.pop() if self._scratch else bytearray(BLOCK_BYTES + OVERHEAD)
        stored = memoryview(scratch)[: ref.stored]
        try:
            count = read(pack_key(ref.pack), ref.offset, stored)
        except NotFound as error:
            raise self._missing(ref.pack) from error
        self._open(ref, stored[:count], target)
        self._scratch.append(scratch)

    def _open(self, ref: BlockRef, stored: memoryview, target: memoryview | None) -> bytes:
        where = (self._keys, self.manifest.session, bytes.fromhex(ref.id), stored, ref.size)
        check = bytes.fromhex(ref.check)
        try:
            if target is None:
                return open_block(*where, check)
            open_block_into(*where, target, check)
        except DamagedBlock as error:
            raise SnapshotCorrupt(
                f"{pack_key(ref.pack)} is damaged at byte {ref.offset} (block {ref.id[:12]}: {error}); "
                f"restore an older snapshot than {self.manifest.snapshot}"
            ) from error
        except CodecMissing as error:
            raise CannotRead(f"{pack_key(ref.pack)}: block {ref.id[:12]} cannot be read here: {error}") from error
        return b""

    async def _fetch(self, segment: Segment) -> bytes:
        """Get a range once, however many ask for it; a failed request is forgotten, so that the next one repeats it."""
        task = self._fetched.get(segment)
        if task is None:
            task = asyncio.ensure_future(self._get(segment))
            self._fetched[segment] = task
            while len(self._fetched) > CACHED_SEGMENTS:
                self._fetched.popitem(last=False)
        self._fetched.move_to_end(segment)
        try:
            return await asyncio.shield(task)
        except BaseException:
            if task.done() and self._fetched.get(segment) is task:
                del self._fetched[segment]
            raise

    async def _get(self, segment: Segment) -> bytes:
        try:
            return await self._store.get(pack_key(segment.pack), start=segment.start, length=segment.length)
        except NotFound as error:
            raise self._missing(segment.pack) from error

    def _missing(self, pack: str) -> SnapshotCorrupt:
        return SnapshotCorrupt(f"{pack_key(pack)} is missing; restore an older snapshot than {self.manifest.snapshot}")


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _finished(work: asyncio.Future[_T]) -> _T:
    """Wait for a thread's work, also when the caller is cancelled: it may be writing into the caller's buffer."""
    try:
        await asyncio.wait({work})
    except asyncio.CancelledError:
        await asyncio.wait({work})
        if not work.cancelled():
            work.exception()  # heard: whoever cancelled has a fault of another block
        raise
    return work.result()

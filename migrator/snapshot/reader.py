"""Reads a snapshot: parallel ranged reads of packs, every block verified before anybody sees it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Any, AsyncIterator, Callable, Coroutine, Iterable, Sequence, TypeVar

from migrator.snapshot.blocks import DamagedBlock, open_block, open_block_into
from migrator.snapshot.compression import CodecMissing
from migrator.snapshot.errors import CannotRead, SnapshotCorrupt
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef, Manifest, decode_manifest, manifest_key
from migrator.snapshot.pack import pack_key
from migrator.snapshot.segments import Segment, plan
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectStore

AHEAD_BYTES = 48 * 1024 * 1024  # plain bytes that are fetched ahead of the caller
SMALL_BYTES = 32 * 1024  # below, a trip to a thread costs more than the work
CACHED_SEGMENTS = 8  # fetched ranges, of up to 8 MiB each, that are kept for the next blob
_T = TypeVar("_T")


async def open_snapshot(store: ObjectStore, keys: SessionKeys, session_id: str, snapshot_id: str) -> SnapshotReader:
    """Read and verify a manifest; raises `SnapshotCorrupt`, `WrongKey`, or the store's `NotFound`."""
    data = await store.get(manifest_key(snapshot_id))
    manifest = await in_thread(decode_manifest, data, keys, session_id, snapshot_id)
    segments = await in_thread(plan, [ref for blob in manifest.blobs.values() for ref in blob.blocks])
    return SnapshotReader(store, keys, manifest, segments)


class SnapshotReader:
    """An open snapshot; several tasks may read from it. It holds up to 64 MiB of fetched ranges, and no connection."""

    def __init__(
        self, store: ObjectStore, keys: SessionKeys, manifest: Manifest, segments: dict[BlockRef, Segment]
    ) -> None:
        self.manifest = manifest
        self._store = store
        self._keys = keys
        self._segments = segments
        self._fetched: OrderedDict[Segment, asyncio.Task[bytes]] = OrderedDict()

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
        places: dict[int, memoryview] = {}
        position = 0
        for number, ref in enumerate(blob.blocks):
            places[number] = view[position : position + ref.size]
            position += ref.size
        async for _ in self._ahead(blob.blocks, lambda number, ref: self._block_into(ref, places[number])):
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

    async def _block_into(self, ref: BlockRef, target: memoryview) -> None:
        await _finished(in_thread(self._open, ref, await self._stored(ref), target))

    async def _stored(self, ref: BlockRef) -> memoryview:
        segment = self._segments[ref]
        start = ref.offset - segment.start
        return memoryview(await self._fetch(segment))[start : start + ref.stored]

    def _open(self, ref: BlockRef, stored: memoryview, target: memoryview | None) -> bytes:
        where = (self._keys, self.manifest.session, bytes.fromhex(ref.id), stored, ref.size)
        try:
            if target is None:
                return open_block(*where)
            open_block_into(*where, target)
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
            raise SnapshotCorrupt(
                f"{pack_key(segment.pack)} is missing; restore an older snapshot than {self.manifest.snapshot}"
            ) from error


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
        raise
    return work.result()

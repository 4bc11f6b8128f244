"""Reads a snapshot: parallel ranged reads of packs, every block verified before anybody sees it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import AsyncIterator

from migrator.snapshot.blocks import DamagedBlock, open_block
from migrator.snapshot.errors import SnapshotCorrupt
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
        blocks = self.manifest.blobs[name].blocks
        if len(blocks) == 1:
            return await self._block(blocks[0])
        return b"".join([chunk async for chunk in self.stream(name)])

    async def read_into(self, name: str, target: memoryview) -> None:
        """Fill `target`, exactly as long as the blob. Its content is undefined if this raises."""
        blob = self.manifest.blobs[name]
        view = memoryview(target).cast("B")
        if len(view) != blob.length:
            raise ValueError(f"blob {name!r} has {blob.length} bytes, the buffer {len(view)}")
        position = 0
        async for chunk in self.stream(name):
            view[position : position + len(chunk)] = chunk
            position += len(chunk)

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """Give a blob's blocks in order, decrypted and verified."""
        waiting: list[asyncio.Task[bytes]] = []
        ahead = 0
        refs = list(reversed(self.manifest.blobs[name].blocks))
        try:
            while refs or waiting:
                while refs and (not waiting or ahead + refs[-1].size <= AHEAD_BYTES):
                    ref = refs.pop()
                    ahead += ref.size
                    waiting.append(asyncio.ensure_future(self._block(ref)))
                chunk = await waiting.pop(0)
                ahead -= len(chunk)
                yield chunk
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _block(self, ref: BlockRef) -> bytes:
        segment = self._segments[ref]
        data = await self._fetch(segment)
        start = ref.offset - segment.start
        stored = memoryview(data)[start : start + ref.stored]
        if len(stored) < SMALL_BYTES:
            return self._open(ref, stored)
        return await in_thread(self._open, ref, stored)

    def _open(self, ref: BlockRef, stored: memoryview) -> bytes:
        try:
            return open_block(self._keys, self.manifest.session, bytes.fromhex(ref.id), stored, ref.size)
        except DamagedBlock as error:
            raise SnapshotCorrupt(
                f"{pack_key(ref.pack)} is damaged at byte {ref.offset} (block {ref.id[:12]}: {error}); "
                f"restore an older snapshot than {self.manifest.snapshot}"
            ) from error

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

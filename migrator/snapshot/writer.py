"""Writes a snapshot: blobs into blocks and packs, then the manifest. What the base has already is not written again."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Any, Callable

from migrator.snapshot.blocks import BLOCK_BYTES
from migrator.snapshot.compaction import compact
from migrator.snapshot.envelope import VERSION
from migrator.snapshot.errors import WriterMisused
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import Blob, BlockRef, Manifest, encode_manifest, manifest_key
from migrator.snapshot.pack import pack_key
from migrator.snapshot.packer import Slot
from migrator.snapshot.pipeline import BUDGET_BYTES, Pipeline
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import StorageError
from migrator.storage.protocol import Buffer, ObjectStore

_LOG = logging.getLogger(__name__)


class BlobWriter:
    """One blob being written; made by `SnapshotWriter.blob`. Its methods are awaited one after the other."""

    def __init__(self, pipeline: Pipeline, known: frozenset[BlockRef]) -> None:
        self._pipeline = pipeline
        self._known = known
        self._parts: list[Slot | BlockRef] = []
        self._tail = bytearray()
        self._length = 0
        self.closed = False

    async def write(self, data: Buffer) -> None:
        """Append bytes, cut into blocks of 4 MiB. The buffer may be changed once this has returned."""
        rest = memoryview(data).cast("B")
        stable = isinstance(rest.obj, bytes)
        while rest:
            if self._tail or len(rest) < BLOCK_BYTES:
                room = BLOCK_BYTES - len(self._tail)
                self._tail += rest[:room]
                rest = rest[room:]
                if len(self._tail) == BLOCK_BYTES:
                    await self._flush()
            else:
                await self._add(rest[:BLOCK_BYTES], None, stable=stable)
                rest = rest[BLOCK_BYTES:]

    async def block(
        self,
        data: Buffer,
        check: bytes | None = None,
        *,
        stable: bool = False,
        done: Callable[[], None] | None = None,
    ) -> None:
        """Append one block as it is, at most 4 MiB; `check` is its xxh3-128 (16 bytes) if the caller knows it.

        With `stable` the caller promises not to change the buffer until `done` was called, in any thread, if at all; then
        this need not wait until it was read.
        """
        await self._flush()
        view = memoryview(data).cast("B")
        if len(view) > BLOCK_BYTES or (check is not None and len(check) != 16):
            raise WriterMisused(f"a block has at most {BLOCK_BYTES} bytes and a check of 16, not {len(view)} bytes")
        if view:
            await self._add(view, check, stable=stable or isinstance(view.obj, bytes), done=done)

    async def reuse(self, ref: BlockRef) -> None:
        """Append a block of the base snapshot without its bytes."""
        await self._flush()
        if ref not in self._known:
            raise WriterMisused(f"block {ref.id} is none of the base snapshot's; write its bytes")
        self._take(ref, ref.size)

    async def close(self) -> None:
        """End the blob; it becomes part of the snapshot."""
        await self._flush()
        self.closed = True

    def finished(self) -> Blob:
        """Give the blob, once everything is durable."""
        return Blob(self._length, tuple(part.ref if isinstance(part, Slot) else part for part in self._parts))

    async def _flush(self) -> None:
        tail, self._tail = self._tail, bytearray()
        if tail:
            await self._add(tail, None, stable=True)

    async def _add(
        self, data: Buffer, check: bytes | None, *, stable: bool, done: Callable[[], None] | None = None
    ) -> None:
        self._take(await self._pipeline.add(data, check, stable=stable, done=done), len(data))

    def _take(self, part: Slot | BlockRef, size: int) -> None:
        if self.closed:
            raise WriterMisused("the blob is closed")
        self._parts.append(part)
        self._length += size


class SnapshotWriter:
    """A snapshot being written; blobs may be written at the same time by several tasks.

    `store` holds the session's keys (`packs/...`). `budget`: bytes of blocks that may be under way; less than 24 MiB is taken as
    that, more than 64 as that. After an error only `abort` is of use. The snapshot exists once `commit` has returned, and
    counts once the session's record names it.
    """

    def __init__(
        self,
        store: ObjectStore,
        keys: SessionKeys,
        session_id: str,
        *,
        epoch: int,
        base: Manifest | None = None,
        budget: int = BUDGET_BYTES,
    ) -> None:
        self.snapshot = secrets.token_hex(16)
        self._store = store
        self._keys = keys
        self._session = session_id
        self._epoch = epoch
        self._base = base
        known = [ref for blob in base.blobs.values() for ref in blob.blocks] if base else []
        self._known = frozenset(known)
        self._pipeline = Pipeline(store, keys, session_id, known, budget)
        self._blobs: dict[str, BlobWriter | Blob] = {}
        self._moved: dict[BlockRef, BlockRef] = {}
        self._over = False

    @property
    def base(self) -> Manifest | None:
        """The snapshot that this one is written on top of."""
        return self._base

    @property
    def bytes_written(self) -> int:
        """What this snapshot has cost the store so far, without the manifest."""
        return self._pipeline.stored_bytes

    def blob(self, name: str) -> BlobWriter:
        """Begin a blob; the name must be new in this snapshot."""
        self._check_new(name)
        blob = BlobWriter(self._pipeline, self._known)
        self._blobs[name] = blob
        return blob

    def forget(self, name: str) -> None:
        """Leave a blob out again, closed or not: its source failed half-way and begins anew. None of that name: no error."""
        self._blobs.pop(name, None)

    def keep(self, name: str) -> None:
        """Take over a whole blob of the base under its name."""
        self._check_new(name)
        if self._base is None or name not in self._base.blobs:
            raise WriterMisused(f"the base snapshot has no blob {name!r}; write it")
        self._blobs[name] = self._base.blobs[name]

    async def compact(self) -> None:
        """Copy the live blocks out of packs that are mostly dead, 16 MiB at most; once all blobs are closed, before `commit`.

        It costs requests and can be left out when time is short. If the store refuses, the snapshot goes on without it.
        """
        self._check_open()
        self._check_closed()
        await self._pipeline.drain()
        written = set(self._pipeline.stored)
        refs = [ref for blob in self._finished().values() for ref in blob.blocks if ref.pack not in written]
        try:
            self._moved = await compact(self._store, self._keys, self._session, refs)
        except StorageError as error:
            _LOG.info("packs that are mostly dead stay for now: %s", error)
        self._pipeline.stored += {ref.pack for ref in self._moved.values()}
        self._pipeline.stored_bytes += sum(ref.stored for ref in self._moved.values())

    async def commit(self, body: dict[str, Any]) -> Manifest:
        """Make the snapshot durable: first its packs, then its manifest. `body` is any JSON object."""
        self._check_open()
        self._check_closed()
        await self._pipeline.drain()
        self._over = True
        manifest, data = await in_thread(self._manifest, body)
        await self._store.put(manifest_key(self.snapshot), data, if_absent=True)
        return manifest

    async def abort(self) -> None:
        """Give up, and take back the packs written so far, as far as the store allows; nothing refers to them."""
        if self._over:
            return
        self._over = True
        await self._pipeline.abandon()
        try:
            await asyncio.gather(*(self._store.delete(pack_key(pack)) for pack in self._pipeline.stored))
        except StorageError as error:
            _LOG.info("packs of the abandoned snapshot %s stay until they are collected: %s", self.snapshot, error)

    def _manifest(self, body: dict[str, Any]) -> tuple[Manifest, bytes]:
        parent = self._base.snapshot if self._base else None
        blobs = {name: self._with_moved(blob) for name, blob in self._finished().items()}
        manifest = Manifest(VERSION, self._session, self.snapshot, parent, self._epoch, time.time(), blobs, body)
        return manifest, encode_manifest(manifest, self._keys)

    def _finished(self) -> dict[str, Blob]:
        return {name: blob if isinstance(blob, Blob) else blob.finished() for name, blob in self._blobs.items()}

    def _with_moved(self, blob: Blob) -> Blob:
        return Blob(blob.length, tuple(self._moved.get(ref, ref) for ref in blob.blocks)) if self._moved else blob

    def _check_new(self, name: str) -> None:
        self._check_open()
        if name in self._blobs:
            raise WriterMisused(f"there is a blob {name!r} already")

    def _check_closed(self) -> None:
        left = [name for name, blob in self._blobs.items() if isinstance(blob, BlobWriter) and not blob.closed]
        if left:
            raise WriterMisused(f"blob {left[0]!r} was not closed")

    def _check_open(self) -> None:
        if self._over:
            raise WriterMisused("the snapshot is committed or abandoned; begin another")

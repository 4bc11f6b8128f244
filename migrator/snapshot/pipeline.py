"""Carries blocks from the caller into the store: encrypted in threads, packs written in parallel, memory bounded.

At most `BUDGET_BYTES` of blocks, in their stored form once they have it, are taken in before they are durable. With
the buffers of their packs and the spare ones this makes about 200 MiB at the worst; where memory is short, a caller says
less, and waits longer for the store.

Blocks are compressed only while whole packs queue up before the store: then the processors would wait for it anyway.
So compression never makes a snapshot slower. What lies on this machine's own disk is never compressed.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine

from migrator.snapshot.blocks import BLOCK_BYTES
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef
from migrator.snapshot.pack import PACK_BYTES, Pack, pack_key
from migrator.snapshot.packer import Packer, Slot
from migrator.snapshot.workers import in_thread
from migrator.storage.protocol import Buffer, ObjectStore, is_local

BUDGET_BYTES = 64 * 1024 * 1024
# With less, a pack that is not quite full could wait for room that it holds itself.
LEAST_BYTES = PACK_BYTES + 2 * BLOCK_BYTES
QUEUED_BYTES = BUDGET_BYTES // 2  # on their way into the store; from here on it is the store that is waited for
SMALL_BYTES = 64 * 1024  # blocks below are gathered: a trip to a thread costs more than the work
BATCH_BYTES = 1024 * 1024
BATCH_BLOCKS = 512


class Pipeline:
    """One snapshot's way into the store, `budget` bytes at a time. After the first failure every call raises it."""

    def __init__(
        self, store: ObjectStore, keys: SessionKeys, session: str, known: list[BlockRef], budget: int = BUDGET_BYTES
    ) -> None:
        self._store = store
        self._packer = Packer(keys, session, known, self._squeeze)
        self._local = is_local(store)
        self._queued = 0
        self._budget = self._free = max(LEAST_BYTES, min(budget, BUDGET_BYTES))
        self._freed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._small: list[Slot] = []
        self._small_bytes = 0
        self.stored: list[str] = []
        self.stored_bytes = 0

    async def add(
        self, data: Buffer, check: bytes | None, *, stable: bool, done: Callable[[], None] | None = None
    ) -> Slot:
        """Take in one block. Unless `stable`, the bytes are read before this returns, and may change after."""
        self._raise_failure()
        if len(data) < SMALL_BYTES:
            slot = Slot(data if stable else bytes(data), check, done)
            await self._gather(slot)
            return slot
        slot = Slot(data, check, done)
        task = await self._start([slot], len(data))
        if not stable:
            await _ended(task)
            self._raise_failure()
        return slot

    async def drain(self) -> None:
        """Return when every block taken in is durable."""
        await self._flush()
        await self._settle()
        for pack in self._packer.finish():
            self._spawn(self._upload(pack))
        await self._settle()

    async def abandon(self) -> None:
        """Let go of everything; packs that are stored already stay until they are collected."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _squeeze(self) -> bool:
        """Whether there is time to compress; asked from the threads."""
        return not self._local and self._queued >= min(QUEUED_BYTES, self._budget // 2)

    async def _gather(self, slot: Slot) -> None:
        self._small.append(slot)
        self._small_bytes += len(slot.data)
        if self._small_bytes >= BATCH_BYTES or len(self._small) >= BATCH_BLOCKS:
            await self._flush()

    async def _flush(self) -> None:
        slots, size = self._small, self._small_bytes
        self._small, self._small_bytes = [], 0
        if slots:
            await self._start(slots, size)

    async def _start(self, slots: list[Slot], size: int) -> asyncio.Task[None]:
        while self._free < size and self._failure is None:
            self._freed.clear()
            await self._freed.wait()
        self._raise_failure()
        self._free -= size
        return self._spawn(self._pack(slots))

    async def _pack(self, slots: list[Slot]) -> None:
        ready, freed = await in_thread(self._packer.add, slots)
        self._release(freed)
        for pack in ready:
            self._spawn(self._upload(pack))

    async def _upload(self, pack: Pack) -> None:
        self._queued += pack.block_bytes
        data = await in_thread(self._packer.encode, pack)
        await self._store.put(pack_key(pack.id), data)
        self._queued -= pack.block_bytes
        self.stored.append(pack.id)
        self.stored_bytes += len(data)
        data.release()
        self._packer.recycle(pack)
        self._release(pack.block_bytes)

    def _release(self, size: int) -> None:
        self._free += size
        self._freed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._failure is None:
            self._failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._freed.set()

    async def _settle(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task, also when the caller is cancelled: a thread may be reading the caller's buffer."""
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise

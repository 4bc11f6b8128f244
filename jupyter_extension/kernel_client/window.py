"""The server's side of the window through which large parts come into a kernel; see `jupyter_extension.kernel.window`."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
from functools import partial
from typing import AsyncIterator

from jupyter_extension.kernel.stream import BLOCK_SIZE
from jupyter_extension.kernel.window import FRAME, TAKEN
from jupyter_extension.kernel_client.agent import Connection
from migrator.snapshot import SnapshotReader

SLOTS = 6  # of 4 MiB: enough for the threads that decrypt and those that copy, small enough for the processor's cache
AVAILABLE = hasattr(os, "memfd_create")


class Window:
    """A few blocks' worth of memory, of which only `descriptor` has a name. `close` it in the end."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("migrator-window", os.MFD_CLOEXEC)
        os.ftruncate(self.descriptor, SLOTS * BLOCK_SIZE)
        self._memory = memoryview(mmap.mmap(self.descriptor, SLOTS * BLOCK_SIZE))
        self._free: asyncio.Queue[int] = asyncio.Queue()
        for slot in range(SLOTS):
            self._free.put_nowait(slot)
        self._sending = asyncio.Lock()

    def close(self) -> None:
        """Give it back; a thread that still writes into it keeps its memory until it is done."""
        os.close(self.descriptor)

    async def send(self, conn: Connection, reader: SnapshotReader, names: list[str]) -> None:
        """Send these blobs, the parts that the kernel expects here. KernelDied, or what the reader raises."""
        blocks = sum(len(reader.manifest.blobs[name].blocks) for name in names)
        hearing = asyncio.ensure_future(self._hear(conn, blocks))
        pouring = asyncio.ensure_future(self._pour(conn, reader, names))
        try:
            await asyncio.wait({hearing, pouring}, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            hearing.cancel()
            pouring.cancel()
            outcomes = await asyncio.gather(hearing, pouring, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    async def _pour(self, conn: Connection, reader: SnapshotReader, names: list[str]) -> None:
        for part, name in enumerate(names):
            await reader.pour(name, partial(self._slot, conn, part))

    async def _hear(self, conn: Connection, blocks: int) -> None:
        for _ in range(blocks):
            (slot,) = TAKEN.unpack(await conn.exactly(TAKEN.size))
            self._free.put_nowait(slot)

    @contextlib.asynccontextmanager
    async def _slot(self, conn: Connection, part: int, offset: int, size: int) -> AsyncIterator[memoryview]:
        """Memory for one block, which the kernel hears of when it was filled."""
        slot = await self._free.get()
        yield self._memory[slot * BLOCK_SIZE : slot * BLOCK_SIZE + size]
        async with self._sending:
            await conn.send_all(FRAME.pack(slot, part, offset, size))

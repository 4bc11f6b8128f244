"""Brings whole packs to this machine's disk, a few at a time. Whoever waits for one has it next.

A restoration may begin while a standby's downloads are under way: it waits for those, and takes the rest without the disk between.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path

from migrator.snapshot.pack import pack_key
from migrator.storage import ObjectStore, StoreUnavailable

PARALLEL = 4


class Downloads:
    """Into one folder, where a pack's file has its name; what is there once is whole."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._waiting: OrderedDict[str, asyncio.Future[None]] = OrderedDict()
        self._coming: dict[str, asyncio.Future[None]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def path(self, pack: str) -> Path:
        """Where the pack is, or will be."""
        return self._folder / pack

    def begin(self, pack: str) -> asyncio.Future[None] | None:
        """Have it come, after those that were asked for before; None if it is here. Nothing is done twice."""
        if self._future(pack) is not None or self.path(pack).exists():
            return self._future(pack)
        future = self._waiting[pack] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits for it
        if len(self._workers) < PARALLEL:
            worker = asyncio.ensure_future(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return future

    def begin_no_more(self) -> None:
        """What is under way comes; who waits for another is told that it will not."""
        for pack, future in self._waiting.items():
            future.set_exception(StoreUnavailable(f"{pack} is not fetched ahead any more"))
        self._waiting.clear()

    async def arrived(self, pack: str) -> None:
        """Wait for one that is to come, before those that nobody waits for. Raises what kept it from coming."""
        if pack in self._waiting:
            self._waiting.move_to_end(pack, last=False)
        future = self._future(pack)
        if future is not None:
            await asyncio.shield(future)

    async def stop(self) -> None:
        """What has not come does not come any more."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for future in (*self._waiting.values(), *self._coming.values()):
            future.cancel()

    def _future(self, pack: str) -> asyncio.Future[None] | None:
        return self._waiting.get(pack) or self._coming.get(pack)

    async def _work(self) -> None:
        while self._waiting:
            pack, future = self._waiting.popitem(last=False)
            self._coming[pack] = future
            try:
                await self._bring(pack)
            except Exception as error:  # noqa: BLE001 - raised where the pack is waited for
                future.set_exception(error)
            else:
                future.set_result(None)
            del self._coming[pack]

    async def _bring(self, pack: str) -> None:
        data = await self._store.get(pack_key(pack))
        await asyncio.get_running_loop().run_in_executor(None, _write, self.path(pack), data)


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_bytes(data)
    temporary.rename(path)

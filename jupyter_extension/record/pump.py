"""Carries journal entries to the store: in order, gathered for a few milliseconds, retried while the store is away."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Callable, Protocol, Tuple

from jupyter_extension.record.messages import JsonDict
from migrator.storage.errors import Fenced, StorageError

Position = Tuple[int, int]


class Journal(Protocol):
    """The snapshot room's `JournalWriter`."""

    async def append(self, entries: list[JsonDict]) -> int:
        """Write them sealed; the sequence number, durable when it returns."""


class JournalPump:
    """One queue, one writer. `flush` waits until everything put before it is durable."""

    def __init__(
        self, journal: Journal, epoch: int, *, delay: float, limit: int, retry_limit: float, log: logging.Logger
    ) -> None:
        self.position: Position = (epoch, -1)
        self.last_error: str | None = None
        self.on_fenced: Callable[[int], None] = lambda epoch: None
        self._journal, self._epoch, self._log = journal, epoch, log
        self._delay, self._limit, self._retry_limit = delay, limit, retry_limit
        self._queue: list[JsonDict] = []
        self._bytes = 0
        self._put = self._durable = 0
        self._wake = asyncio.Event()
        self._progress = asyncio.Condition()
        self._closed = False

    def put(self, entry: JsonDict) -> None:
        """Queue one entry; never blocks."""
        if self._closed:
            return
        self._queue.append(entry)
        self._put += 1
        self._bytes += _size(entry)
        if self._bytes > self._limit:
            self._shed()
        self._wake.set()

    def _shed(self) -> None:
        """Under pressure what was printed goes before what was asked."""
        kept = [e for e in self._queue if e["type"] not in {"output", "seen"}]
        self._put -= len(self._queue) - len(kept)
        self._queue = kept
        self._bytes = sum(_size(e) for e in kept)
        self._log.warning("the store is away: outputs of running cells are not journalled any more")

    async def flush(self) -> Position:
        """Wait until all that was put is durable; the position of the last durable entry. Raises what the store says when closed."""
        goal = self._put
        self._wake.set()
        async with self._progress:
            await self._progress.wait_for(lambda: self._closed or self._durable >= min(goal, self._put))
        return self.position

    async def run(self) -> None:
        """Until fenced or cancelled."""
        pause = 0.5
        while not self._closed:
            await self._wake.wait()
            await asyncio.sleep(self._delay)
            self._wake.clear()
            batch, self._queue, self._bytes = self._queue, [], 0
            if not batch:
                continue
            if await self._append(batch):
                pause = 0.5
            else:
                self._queue = batch + self._queue
                self._bytes = sum(_size(e) for e in self._queue)
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._retry_limit)
                self._wake.set()

    async def _append(self, batch: list[JsonDict]) -> bool:
        try:
            seq = await self._journal.append(batch)
        except Fenced as e:
            await self.close()
            self.on_fenced(e.epoch)
            return True
        except (StorageError, OSError, asyncio.TimeoutError) as e:
            self.last_error = f"{type(e).__name__}: {e}"
            self._log.warning("the journal can't be written now: %s", self.last_error)
            return False
        self.last_error = None
        async with self._progress:
            self.position = (self._epoch, seq)
            self._durable += len(batch)
            self._progress.notify_all()
        return True

    async def close(self) -> None:
        """Take nothing any more and let every waiter go."""
        self._closed = True
        self._wake.set()
        async with self._progress:
            self._progress.notify_all()


def _size(entry: JsonDict) -> int:
    """About how many bytes it weighs; only what can be big is counted."""
    msg = entry.get("msg") or {}
    big = [msg.get("content"), entry.get("msgs")]
    return 200 + sum(len(json.dumps(b)) for b in big if b) + sum(map(len, msg.get("buffers") or ()))

"""Bounds the memory of all bodies together: an upload waits for its share before its first byte is taken."""

from __future__ import annotations

import asyncio
from collections import deque


class Budget:
    """`size` bytes, given out in the order of asking. A single share is at most `size`."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._size = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def used(self) -> int:
        """Bytes given out."""
        return self._size - self._free

    async def acquire(self, share: int) -> int:
        """Wait for a share; returns what has to be given back."""
        share = min(share, self._size)
        if not self._waiting and share <= self._free:
            self._free -= share
            return share
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((share, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._forget(share, turn)
            raise
        return share

    def release(self, share: int) -> None:
        """Give a share back."""
        self._free += share
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            share, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= share
                turn.set_result(None)

    def _forget(self, share: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.release(share)
        else:
            self._waiting = deque(entry for entry in self._waiting if entry[1] is not turn)
            self._serve()

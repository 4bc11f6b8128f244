"""How much a session has stored. Each gateway counts for itself and corrects its count by listing now and then."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from migrator.session import SessionRecords
from migrator.storage.errors import QuotaExceeded


@dataclass
class _Count:
    stored: int = 0
    listed_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Quota:
    """`limit` bytes for each session; counts older than `refresh_s` seconds are taken anew."""

    def __init__(self, records: SessionRecords, limit: int, refresh_s: float) -> None:
        self._records = records
        self._limit = limit
        self._refresh_s = refresh_s
        self._counts: dict[str, _Count] = {}

    async def check(self, session: str, more: int) -> None:
        """Raise `QuotaExceeded` if `more` bytes do not fit."""
        stored = (await self._fresh(session)).stored
        if stored + more > self._limit:
            raise QuotaExceeded(
                f"the session stores {stored >> 20} MiB of at most {self._limit >> 20} MiB, and {more} bytes do not fit"
            )

    def add(self, session: str, size: int) -> None:
        """Count an object that was written."""
        if session in self._counts:
            self._counts[session].stored += size

    def forget(self, session: str) -> None:
        """Objects were deleted: count anew next time."""
        self._counts.pop(session, None)

    async def _fresh(self, session: str) -> _Count:
        count = self._counts.setdefault(session, _Count())
        async with count.lock:
            if time.monotonic() - count.listed_at > self._refresh_s:
                objects = self._records.objects(session)
                count.stored = sum([info.size async for info in objects.list("")])
                count.listed_at = time.monotonic()
        return count

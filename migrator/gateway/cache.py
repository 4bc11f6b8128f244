"""Records read a moment ago, for the calls in which fencing is not at stake."""

from __future__ import annotations

import time

from migrator.session import Record, SessionRecords

SIZE = 1000


class RecordCache:
    """Gives records of at most `age_s` seconds; `fresh` always asks the store."""

    def __init__(self, records: SessionRecords, age_s: float) -> None:
        self._records = records
        self._age_s = age_s
        self._known: dict[str, tuple[float, Record]] = {}

    async def get(self, session: str) -> Record:
        """A record as it stands now or stood a moment ago."""
        known = self._known.get(session)
        if known and time.monotonic() - known[0] <= self._age_s:
            return known[1]
        return await self.fresh(session)

    async def fresh(self, session: str) -> Record:
        """The record as it stands now."""
        asked = time.monotonic()
        record = await self._records.get(session)
        self.put(record, asked)
        return record

    def put(self, record: Record, at: float | None = None) -> None:
        """Remember a record that was read or written at `at` (monotonic seconds)."""
        if len(self._known) >= SIZE:
            self._known.clear()
        self._known[record.id] = (time.monotonic() if at is None else at, record)

"""The records as this controller last saw them, for what needs all of them often: probes, notices, lists."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from migrator.session import Record, SessionError, SessionRecords
from migrator.storage.errors import NotFound

PARALLEL = 16
log = logging.getLogger(__name__)


class Index:
    """Seconds old at worst. Decisions are made on the record itself, never on this."""

    def __init__(self, records: SessionRecords) -> None:
        self._records = records
        self._known: dict[str, Record] = {}
        self._put_meanwhile: dict[str, Record] = {}
        self._turn = asyncio.Lock()
        self._begun = 0
        self.listeners: list[Callable[[Record | None, Record], None]] = []

    def all(self) -> list[Record]:
        """Every record known."""
        return list(self._known.values())

    def put(self, record: Record) -> Record:
        """Remember a record just read or written, and tell the listeners what it was before."""
        before = self._known.get(record.id)
        self._known[record.id] = self._put_meanwhile[record.id] = record
        for listener in self.listeners:
            listener(before, record)
        return record

    async def refresh(self) -> list[Record]:
        """Read all records anew; what is put while the reading takes place is newer and stays.

        Those who ask while a reading is under way share the next one: a storm of questions costs two readings.
        """
        asked = self._begun
        async with self._turn:
            if self._begun == asked:
                await self._read_all()
        return self.all()

    async def _read_all(self) -> None:
        self._begun += 1
        self._put_meanwhile = {}
        names = [name async for name in self._records.list()]
        limit = asyncio.Semaphore(PARALLEL)
        found = await asyncio.gather(*(self._read(name, limit) for name in names))
        self._known = {**{record.id: record for record in found if record is not None}, **self._put_meanwhile}

    async def _read(self, name: str, limit: asyncio.Semaphore) -> Record | None:
        async with limit:
            try:
                return await self._records.get(name)
            except NotFound:
                return None
            except SessionError:
                log.exception("the record of session %s cannot be read", name)
                return None

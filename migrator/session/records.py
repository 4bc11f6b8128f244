"""Session records in a store: the only place where they are read and changed.

They lie beside each other under `records/`, away from the sessions' many objects, so that listing them costs what they cost.
"""

from __future__ import annotations

import asyncio
import random
from typing import AsyncIterator, Callable

from migrator.session.errors import TooManyWriters
from migrator.session.ids import check_session_id, is_session_id
from migrator.session.record import Record
from migrator.storage.errors import Conflict
from migrator.storage.prefix import prefixed
from migrator.storage.protocol import ObjectStore

FOLDER = "sessions/"
RECORDS = "records/"
ATTEMPTS = 20
BACKOFF_S = 0.01  # grows by half with each attempt, with jitter; 20 attempts take about half a minute at most
LONGEST_BACKOFF_S = 2.0


class SessionRecords:
    """All records of a store. Its errors are `SessionError`s and the store's `StorageError`s."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def objects(self, session: str) -> ObjectStore:
        """Give the view of one session's own objects (packs, manifests, journal)."""
        return prefixed(self._store, f"{FOLDER}{check_session_id(session)}/")

    async def create(self, record: Record) -> Record:
        """Store a new record; the store's `Conflict` if there is one of this id."""
        await self._store.put(_key(record.id), record.to_bytes(), if_absent=True)
        return record

    async def get(self, session: str) -> Record:
        """Read a record; the store's `NotFound`, or `BadRecord`."""
        return Record.from_bytes(await self._store.get(_key(session)))

    async def update(self, session: str, change: Callable[[Record], Record]) -> Record:
        """Change a record by compare-and-swap and return the new one.

        `change` is called again on the newer record if another writer came first, and what it raises ends the call
        with nothing changed. After a lost answer it may meet its own effect: it must bear that, or raise.
        """
        delay = BACKOFF_S
        for _ in range(ATTEMPTS):
            data, etag = await self._store.get_with_etag(_key(session))
            old = Record.from_bytes(data)
            new = change(old)
            if new == old:
                return old
            try:
                await self._store.put(_key(session), new.to_bytes(), if_match=etag)
            except Conflict:
                await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
                delay = min(delay * 1.5, LONGEST_BACKOFF_S)
                continue
            return new
        raise TooManyWriters(f"session {session} is being changed by others all the time; try again")

    async def forget(self, session: str) -> None:
        """Delete a record. Its objects go first: without a record nobody would look for them."""
        await self._store.delete(_key(session))

    async def list(self) -> AsyncIterator[str]:
        """Give the ids of all sessions that have a record."""
        async for info in self._store.list(RECORDS):
            session = info.key[len(RECORDS) :]
            if is_session_id(session):
                yield session


def _key(session: str) -> str:
    return f"{RECORDS}{check_session_id(session)}"

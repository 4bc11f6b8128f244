"""The redo journal: what happened since the last snapshot, one small encrypted object per append.

Appends that come while one is being stored go into the next object together.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from typing import Any, Dict

from migrator.snapshot.envelope import Kind, seal, unseal
from migrator.snapshot.errors import SnapshotCorrupt, SnapshotError
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import Conflict
from migrator.storage.protocol import ObjectStore

PREFIX = "journal/"
PARALLEL_READS = 16
CONFLICTS = 3
_NAME = re.compile(r"journal/(\d{8})-(\d{8})")
Entry = Dict[str, Any]


class _Batch:
    """Entries that will lie in one object, and the task that stores it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.stored: asyncio.Future[int]


class JournalWriter:
    """Appends entries under one epoch. A second writer of the same epoch (a restarted server) goes on after the first.

    If an append raises, its entries may be stored or not; whoever repeats it must be able to bear them twice.
    """

    def __init__(self, store: ObjectStore, keys: SessionKeys, session_id: str, epoch: int) -> None:
        self._store = store
        self._keys = keys
        self._session = session_id
        self._epoch = epoch
        self._next: int | None = None
        self._turn = asyncio.Lock()
        self._open: _Batch | None = None

    async def append(self, entries: list[Entry]) -> int:
        """Store JSON entries; returns the number of their object, shared with others, when they are durable."""
        if self._open is None:
            batch = self._open = _Batch()
            batch.stored = asyncio.ensure_future(self._store_batch(batch))
            batch.stored.add_done_callback(_seen)
        else:
            batch = self._open
        batch.entries.extend(entries)
        return await asyncio.shield(batch.stored)

    async def _store_batch(self, batch: _Batch) -> int:
        async with self._turn:
            self._open = None
            for _ in range(CONFLICTS):
                seq = self._next if self._next is not None else await self._first_free()
                name = journal_key(self._epoch, seq)
                data = await in_thread(_encode, self._keys, self._session, name, batch.entries)
                try:
                    await self._store.put(name, data, if_absent=True)
                except Conflict:
                    self._next = None  # the number went to a predecessor's last append, which came late
                    continue
                self._next = seq + 1
                return seq
        raise SnapshotError(f"another writer of epoch {self._epoch} is at work; there must be one per session")

    async def _first_free(self) -> int:
        folder = f"{PREFIX}{self._epoch:08d}-"
        taken = [parse_journal_key(info.key)[1] async for info in self._store.list(folder)]
        return max(taken, default=0) + 1


async def read_journal(
    store: ObjectStore, keys: SessionKeys, session_id: str, after: tuple[int, int]
) -> list[tuple[int, int, list[Entry]]]:
    """Read what was appended after `(epoch, seq)`, in order; raises `SnapshotCorrupt` if one is damaged or missing."""
    places = [place for place in await journal_places(store) if place > after]
    check_whole(places, after)
    free = asyncio.Semaphore(PARALLEL_READS)

    async def read(place: tuple[int, int]) -> tuple[int, int, list[Entry]]:
        async with free:
            return (*place, await read_journal_object(store, keys, session_id, place))

    return list(await asyncio.gather(*(read(place) for place in places)))


async def journal_places(store: ObjectStore) -> list[tuple[int, int]]:
    """List every `(epoch, seq)` that there is, in order."""
    return sorted([parse_journal_key(info.key) async for info in store.list(PREFIX)])


async def read_journal_object(
    store: ObjectStore, keys: SessionKeys, session_id: str, place: tuple[int, int]
) -> list[Entry]:
    """Read the entries of one object."""
    name = journal_key(*place)
    data = await store.get(name)
    return await in_thread(_decode, keys, session_id, name, data)


def journal_key(epoch: int, seq: int) -> str:
    """Give the key of a journal object, relative to the session."""
    return f"{PREFIX}{epoch:08d}-{seq:08d}"


def parse_journal_key(key: str) -> tuple[int, int]:
    """Undo `journal_key`."""
    match = _NAME.fullmatch(key)
    if match is None:
        raise SnapshotCorrupt(f"{key} is no name of a journal object; something else writes into this store")
    return int(match[1]), int(match[2])


def check_whole(places: list[tuple[int, int]], after: tuple[int, int]) -> None:
    """Refuse a journal with a hole: running what follows it would give another state than the user had."""
    epoch, seq = after
    for place in places:
        expected = (epoch, seq + 1) if place[0] == epoch else (place[0], 1)
        if place != expected:
            raise SnapshotCorrupt(f"{journal_key(*expected)} is missing; only what stands before it can be run again")
        epoch, seq = place


def _encode(keys: SessionKeys, session: str, name: str, entries: list[Entry]) -> bytes:
    plain = zlib.compress(json.dumps(entries, separators=(",", ":")).encode(), 1)
    return seal(Kind.JOURNAL, keys, session, name, plain)


def _decode(keys: SessionKeys, session: str, name: str, data: bytes) -> list[Entry]:
    plain = unseal(Kind.JOURNAL, keys, session, name, data)
    try:
        entries: list[Entry] = json.loads(zlib.decompress(plain))
    except (ValueError, zlib.error) as error:
        raise SnapshotCorrupt(f"{name} is authentic but not well formed: {error}") from error
    return entries


def _seen(stored: asyncio.Future[int]) -> None:
    """Whoever waits gets the error; if all have been cancelled, the loop must not complain that nobody did."""
    if not stored.cancelled():
        stored.exception()

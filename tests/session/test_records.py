from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrator.session import BadId, Owner, Record, SessionRecords, TooManyWriters, phases
from migrator.storage import Conflict, NotFound, ObjectInfo, ObjectStore, StoreUnavailable, open_store
from migrator.storage.memory import MemoryStore
from tests.rigs.faulty_store import FaultyStore

ID = "a-test-session"
NEW = Record(ID, 1, "starting", owner=Owner("a", "/user/x/"))


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path):
    opened = open_store("memory:" if request.param == "memory" else f"file://{tmp_path}")
    yield opened
    await opened.close()


async def test_create_get_list(store: ObjectStore):
    records = SessionRecords(store)
    await records.create(NEW)
    assert await records.get(ID) == NEW
    with pytest.raises(Conflict):
        await records.create(NEW)
    await records.create(replace(NEW, id="another-session"))
    await store.put(f"sessions/{ID}/packs/x", b"")
    await store.put("records/BAD", b"")
    assert [session async for session in records.list()] == [ID, "another-session"]
    with pytest.raises(NotFound):
        await records.get("missing-session")


async def test_ids_are_checked_before_the_store_is_asked(store: ObjectStore):
    records = SessionRecords(store)
    for call in (records.get, records.objects, lambda session: records.update(session, lambda record: record)):
        with pytest.raises(BadId):
            await call("../../other")


async def test_listing_costs_what_the_records_cost_however_much_the_sessions_hold():
    store = CountingStore()
    records = SessionRecords(store)
    for number in range(20):
        await records.create(replace(NEW, id=f"session-{number:04d}"))
        for pack in range(50):
            await records.objects(f"session-{number:04d}").put(f"packs/{pack}", b"")
    assert len([session async for session in records.list()]) == 20
    assert store.listed == 20


class CountingStore(MemoryStore):
    """Counts the objects that it is asked to list: S3 takes a request for each thousand."""

    listed = 0

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        async for info in super().list(prefix):
            self.listed += 1
            yield info


async def test_the_objects_of_a_session_lie_in_its_own_folder(store: ObjectStore):
    records = SessionRecords(store)
    await records.objects(ID).put("packs/x", b"pack")
    assert await store.get(f"sessions/{ID}/packs/x") == b"pack"


async def test_no_change_is_lost_among_many_writers(store: ObjectStore):
    records = SessionRecords(store)
    await records.create(NEW)

    async def grow() -> None:
        await records.update(ID, lambda record: replace(record, state_bytes=record.state_bytes + 1))

    await asyncio.gather(*(grow() for _ in range(15)))
    assert (await records.get(ID)).state_bytes == 15


async def test_of_two_moves_one_begins():
    records = SessionRecords(MemoryStore())
    await records.create(phases.started(NEW))
    results = await asyncio.gather(
        *(records.update(ID, phases.begin_move) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["PhaseError", "Record"]


async def test_a_change_that_raises_changes_nothing():
    records = SessionRecords(MemoryStore())
    await records.create(NEW)
    with pytest.raises(phases.PhaseError):
        await records.update(ID, phases.begin_resume)
    assert await records.get(ID) == NEW


async def test_no_change_costs_no_write():
    store = FaultyStore(MemoryStore())
    records = SessionRecords(store)
    await records.create(NEW)
    assert await records.update(ID, lambda record: record) == NEW
    assert [method for method, _ in store.calls] == ["put", "get"]


async def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("migrator.session.records.BACKOFF_S", 0.0)
    store = FaultyStore(MemoryStore())
    records = SessionRecords(store)
    await records.create(NEW)
    store.fault = lambda method, key: Conflict("changed") if method == "put" else None
    with pytest.raises(TooManyWriters, match="try again") as error:
        await records.update(ID, phases.started)
    assert error.value.retryable


async def test_errors_of_the_store_pass_through():
    store = FaultyStore(MemoryStore())
    records = SessionRecords(store)
    await records.create(NEW)
    store.fault = lambda method, key: StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await records.update(ID, phases.started)

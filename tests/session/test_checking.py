from __future__ import annotations

import dataclasses

import pytest

from migrator.session import BadId, Owner, Record, SessionRecords
from migrator.session.checking import StoreCheck
from migrator.session.sealing import Secrets, seal
from migrator.snapshot import JournalWriter, SessionKeys, SnapshotWriter
from migrator.snapshot.check import Fault
from migrator.storage.memory import MemoryStore

SECRET = b"f" * 40
KEY = b"k" * 32
IDS = ("session-one", "session-two")


@pytest.fixture
async def store() -> MemoryStore:
    """Two sessions, each with a snapshot and a journal, the record naming the snapshot."""
    store = MemoryStore()
    records = SessionRecords(store)
    for session in IDS:
        view, keys = records.objects(session), SessionKeys(KEY)
        writer = SnapshotWriter(view, keys, session, epoch=1)
        blob = writer.blob("a")
        await blob.write(session.encode())
        await blob.close()
        snapshot = (await writer.commit({})).snapshot
        await JournalWriter(view, keys, session, 1).append([{"n": 1}])
        sealed = seal(SECRET, session, Secrets(KEY))
        await records.create(Record(session, 1, "active", owner=Owner("a", "/"), snapshot=snapshot, sealed=sealed))
    return store


async def faults(store: MemoryStore, only: str | None = None, **keys: bytes) -> list[Fault]:
    check = StoreCheck(store, **(keys or {"secret": SECRET}))
    found = [fault async for fault in check.faults(only)]
    assert check.summary.faults == len(found)
    return found


async def test_a_whole_store_has_none_and_all_is_read(store: MemoryStore):
    seen: list[str] = []
    check = StoreCheck(store, secret=SECRET, progress=seen.append)
    assert [fault async for fault in check.faults()] == []
    assert vars(check.summary) == {"sessions": 2, "snapshots": 2, "garbage": 0, "faults": 0}
    assert len(seen) == len({info.key async for info in store.list("")})


async def test_one_key_for_all_serves_as_well(store: MemoryStore):
    assert await faults(store, key=KEY) == []
    assert await faults(store, secret=KEY, key=KEY) == []


async def test_the_wrong_secret_is_said_for_each_session(store: MemoryStore):
    found = await faults(store, secret=b"wrong")
    assert [(fault.session, fault.key) for fault in found] == [(session, "record") for session in IDS]
    assert all("same federation secret" in fault.problem for fault in found)


async def test_the_wrong_key_is_said(store: MemoryStore):
    assert any("under another key" in fault.problem for fault in await faults(store, key=b"x" * 32))


async def test_a_damaged_record(store: MemoryStore):
    await store.put("records/session-one", b"{")
    found = await faults(store, secret=SECRET, key=KEY)
    assert [(fault.session, fault.key) for fault in found] == [("session-one", "record")]
    assert "no JSON" in found[0].problem


async def test_a_record_that_names_a_missing_snapshot(store: MemoryStore):
    await SessionRecords(store).update("session-one", lambda record: dataclasses.replace(record, snapshot="0" * 32))
    (fault,) = await faults(store)
    assert (fault.session, fault.key) == ("session-one", "record")
    assert "0" * 32 in fault.problem


async def test_a_session_without_a_record_is_checked_with_its_key(store: MemoryStore):
    await store.delete("records/session-one")
    assert await faults(store, key=KEY) == []
    (fault,) = await faults(store)
    assert "give its own key" in fault.problem


async def test_strange_objects_are_named(store: MemoryStore):
    await store.put("sessions/session-one/notes", b"")
    await store.put("sessions/X/packs/y", b"")
    found = {(fault.session, fault.key) for fault in await faults(store)}
    assert found == {("session-one", "notes"), ("X", "")}


async def test_one_session_only(store: MemoryStore):
    await store.put("records/session-one", b"{")
    assert await faults(store, only="session-two") == []
    with pytest.raises(BadId):
        await faults(store, only="../x")

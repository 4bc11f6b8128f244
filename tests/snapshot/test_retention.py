from __future__ import annotations

import os
import time

import pytest

from migrator.snapshot import JournalWriter, Manifest, SessionKeys, SnapshotCorrupt, SnapshotWriter
from migrator.snapshot.check import SessionCheck
from migrator.snapshot.retention import KEEP_LAST, collect_garbage, erase, snapshots_to_keep
from migrator.storage.memory import MemoryStore
from tests.snapshot.building import SESSION, names, read_all, write

HOUR = 3600.0
NOW = 1_000_000 * HOUR
DAYS_LATER = 3 * 24 * HOUR


def manifest(name: str, age_s: float, epoch: int = 1) -> Manifest:
    return Manifest(1, SESSION, name, None, epoch, NOW - age_s, {}, {})


def test_the_last_ones_and_one_per_hour_for_a_day_and_those_named_are_kept():
    every_ten_minutes = [manifest(str(minutes), minutes * 60) for minutes in range(0, 60 * 48, 10)]
    keep = snapshots_to_keep(every_ten_minutes, {"2000"}, NOW)
    hourly = {str(60 * hour + 10) for hour in range(24)}
    assert keep == {"0", "10", "20", "2000"} | hourly


def test_a_later_epoch_is_later_whatever_its_clock_says():
    snapshots = [manifest(f"old{number}", 0, epoch=1) for number in range(5)]
    newest = [manifest(f"new{number}", 30 * HOUR, epoch=2) for number in range(KEEP_LAST)]
    assert {each.snapshot for each in newest} <= snapshots_to_keep([*snapshots, *newest], (), NOW)


async def session_with_history(store: MemoryStore, keys: SessionKeys, count: int = 6) -> list[Manifest]:
    journal = JournalWriter(store, keys, SESSION, 1)
    history: list[Manifest] = []
    for number in range(count):
        seq = await journal.append([{"n": number}])
        base = history[-1] if history else None
        body = {"journal": {"epoch": 1, "seq": seq}}
        blobs = {"changes": os.urandom(100), "stays": b"the same"}
        history.append(await write(store, keys, blobs, base=base, body=body))
    return history


async def collect(store: MemoryStore, keys: SessionKeys, named: Manifest, **options):
    return await collect_garbage(store, keys, SESSION, [named.snapshot], now=time.time() + DAYS_LATER, **options)


async def test_what_nothing_needs_goes_and_the_rest_stays_whole(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    first = await collect(store, keys, history[-1])
    assert {key for key in first.keys if key.startswith("manifests/")} == {
        f"manifests/{each.snapshot}" for each in history[:-KEEP_LAST]
    }
    assert not any(key.startswith("packs/") for key in first.keys)
    second = await collect(store, keys, history[-1])
    assert len(second.keys) == 2  # of the first three packs, one holds what stays
    assert second.bytes > 0
    assert (await collect(store, keys, history[-1])).keys == ()
    for each in history[-KEEP_LAST:]:
        assert (await read_all(store, keys, each.snapshot))["stays"] == b"the same"
    check = SessionCheck(store, keys, SESSION)
    assert [fault async for fault in check.faults()] == []
    assert check.garbage == 0


async def test_the_journal_goes_as_far_as_every_kept_snapshot_covers_it(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    await collect(store, keys, history[-1])
    oldest_kept = history[-KEEP_LAST].body["journal"]["seq"]
    assert await names(store, "journal/") == [f"journal/00000001-{seq:08d}" for seq in range(oldest_kept + 1, 7)]


async def test_without_a_place_in_the_journal_nothing_of_it_goes(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    last = await write(store, keys, {}, base=history[-1])
    await collect(store, keys, last)
    assert len(await names(store, "journal/")) == 6


async def test_a_writer_in_progress_is_not_harmed(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=history[-1])
    blob = writer.blob("new")
    data = os.urandom(40 * 2**20)
    await blob.write(data)
    writer.keep("stays")
    collected = await collect_garbage(store, keys, SESSION, [history[-1].snapshot])
    assert collected.keys == ("journal/00000001-00000001",)
    await blob.close()
    last = await writer.commit({})
    assert await read_all(store, keys, last.snapshot) == {"new": data, "stays": b"the same"}


async def test_an_unreadable_manifest_stops_the_collection(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    damaged = f"manifests/{history[0].snapshot}"
    await store.put(damaged, (await store.get(damaged))[:-1])
    before = await names(store, "")
    with pytest.raises(SnapshotCorrupt, match=damaged):
        await collect(store, keys, history[-1])
    assert await names(store, "") == before


async def test_a_missing_named_snapshot_stops_the_collection(store: MemoryStore, keys: SessionKeys):
    history = await session_with_history(store, keys)
    await store.delete(f"manifests/{history[-1].snapshot}")
    before = await names(store, "")
    with pytest.raises(SnapshotCorrupt, match="the record names it"):
        await collect(store, keys, history[-1])
    assert await names(store, "") == before


async def test_erase(store: MemoryStore, keys: SessionKeys):
    await session_with_history(store, keys)
    await store.put("record", b"{}")
    count = len(await names(store, ""))
    assert await erase(store) == count
    assert await names(store, "") == []

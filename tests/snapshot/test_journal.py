from __future__ import annotations

import asyncio

import pytest

from migrator.snapshot import JournalWriter, SessionKeys, SnapshotCorrupt, SnapshotError, WrongKey, read_journal
from migrator.storage import Conflict, StoreUnavailable
from migrator.storage.memory import MemoryStore
from tests.rigs.faulty_store import FaultyStore
from tests.snapshot.building import SESSION


def journal(store, keys: SessionKeys, epoch: int = 1) -> JournalWriter:
    return JournalWriter(store, keys, SESSION, epoch)


async def test_entries_come_back_in_order(store: MemoryStore, keys: SessionKeys):
    first = journal(store, keys)
    assert await first.append([{"n": 1}, {"n": 2}]) == 1
    assert await first.append([{"n": 3}]) == 2
    assert await journal(store, keys, epoch=2).append([{"text": "é\ud800\0"}]) == 1
    everything = [(1, 1, [{"n": 1}, {"n": 2}]), (1, 2, [{"n": 3}]), (2, 1, [{"text": "é\ud800\0"}])]
    assert await read_journal(store, keys, SESSION, (0, 0)) == everything
    assert await read_journal(store, keys, SESSION, (1, 1)) == everything[1:]
    assert await read_journal(store, keys, SESSION, (2, 1)) == []


async def test_appends_at_the_same_time_share_objects_and_keep_their_order(store: MemoryStore, keys: SessionKeys):
    writer = journal(store, keys)
    numbers = await asyncio.gather(*(writer.append([{"n": number}]) for number in range(100)))
    assert numbers == sorted(numbers)
    found = await read_journal(store, keys, SESSION, (0, 0))
    assert [entry["n"] for _, _, entries in found for entry in entries] == list(range(100))
    assert len(found) < 100


async def test_a_second_writer_of_the_epoch_goes_on_after_the_first(store: MemoryStore, keys: SessionKeys):
    await journal(store, keys).append([{"n": 1}])
    restarted = journal(store, keys)
    assert await restarted.append([{"n": 2}]) == 2


async def test_a_late_append_of_a_predecessor_is_stepped_over(store: MemoryStore, keys: SessionKeys):
    old, new = journal(store, keys), journal(store, keys)
    await new.append([{"n": 1}])
    await old.append([{"n": 2}])  # the predecessor, whose append arrives after the restart
    assert await new.append([{"n": 3}]) == 3
    found = await read_journal(store, keys, SESSION, (0, 0))
    assert [entries[0]["n"] for _, _, entries in found] == [1, 2, 3]


async def test_a_failed_append_leaves_no_hole(store: MemoryStore, keys: SessionKeys):
    faulty = FaultyStore(store)
    writer = journal(faulty, keys)
    await writer.append([{"n": 1}])
    faulty.fault = lambda method, key: StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await writer.append([{"n": 2}])
    faulty.fault = lambda method, key: None
    assert await writer.append([{"n": 3}]) == 2
    assert len(await read_journal(store, keys, SESSION, (0, 0))) == 2


async def test_an_append_whose_answer_was_lost_leaves_no_hole(store: MemoryStore, keys: SessionKeys):
    faulty = FaultyStore(store)
    writer = journal(faulty, keys)
    faulty.after = lambda method, key: StoreUnavailable("the answer was lost")
    with pytest.raises(StoreUnavailable):
        await writer.append([{"n": 1}])
    faulty.after = lambda method, key: None
    assert await writer.append([{"n": 1}]) == 2


async def test_writers_that_fight_are_told(store: MemoryStore, keys: SessionKeys):
    faulty = FaultyStore(store)
    faulty.fault = lambda method, key: Conflict("exists") if method == "put" else None
    with pytest.raises(SnapshotError, match="another writer of epoch 1"):
        await journal(faulty, keys).append([{"n": 1}])


async def test_a_cancelled_append_does_not_disturb_the_others(store: MemoryStore, keys: SessionKeys):
    writer = journal(store, keys)
    cancelled = asyncio.create_task(writer.append([{"n": 1}]))
    kept = asyncio.create_task(writer.append([{"n": 2}]))
    await asyncio.sleep(0)
    cancelled.cancel()
    await kept
    found = await read_journal(store, keys, SESSION, (0, 0))
    assert [entry["n"] for _, _, entries in found for entry in entries] == [1, 2]


@pytest.mark.parametrize(("lost", "after"), [("1-00000002", (0, 0)), ("1-00000001", (1, 0)), ("2-00000001", (1, 1))])
async def test_a_hole_is_refused(store: MemoryStore, keys: SessionKeys, lost: str, after: tuple[int, int]):
    for epoch in (1, 2):
        for number in range(3):
            await journal(store, keys, epoch).append([{"n": number}])
    await store.delete(f"journal/0000000{lost}")
    with pytest.raises(SnapshotCorrupt, match=f"journal/0000000{lost} is missing"):
        await read_journal(store, keys, SESSION, after)


async def test_entries_cannot_change_places(store: MemoryStore, keys: SessionKeys):
    writer = journal(store, keys)
    await writer.append([{"n": 1}])
    await writer.append([{"n": 2}])
    await store.put("journal/00000001-00000002", await store.get("journal/00000001-00000001"))
    with pytest.raises(SnapshotCorrupt, match="00000002"):
        await read_journal(store, keys, SESSION, (0, 0))


async def test_wrong_key_and_strange_names(store: MemoryStore, keys: SessionKeys):
    await journal(store, keys).append([{"n": 1}])
    with pytest.raises(WrongKey):
        await read_journal(store, SessionKeys(b"z" * 32), SESSION, (0, 0))
    await store.put("journal/notes.txt", b"")
    with pytest.raises(SnapshotCorrupt, match="something else writes"):
        await read_journal(store, keys, SESSION, (0, 0))

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from migrator.snapshot import SessionKeys, SnapshotCorrupt, SnapshotWriter, WrongKey, open_snapshot, packer
from migrator.snapshot.blocks import block_id, check_value
from migrator.storage import NotFound, StoreUnavailable, open_store, prefixed
from migrator.storage.memory import MemoryStore
from tests.rigs.faulty_store import FaultyStore
from tests.snapshot.building import SESSION, names, write

MIB = 2**20


async def test_stream_gives_the_blocks_in_order(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(21 * MIB)
    manifest = await write(store, keys, {"a": data})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    chunks = [chunk async for chunk in reader.stream("a")]
    assert [len(chunk) for chunk in chunks] == [4 * MIB] * 5 + [MIB]
    assert b"".join(chunks) == data


async def test_read_into(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(9 * MIB)
    manifest = await write(store, keys, {"a": data, "empty": b""})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    target = bytearray(len(data))
    await reader.read_into("a", memoryview(target))
    assert target == data
    await reader.read_into("empty", memoryview(bytearray()))
    with pytest.raises(ValueError, match="has 9437184 bytes"):
        await reader.read_into("a", memoryview(bytearray(7)))


async def test_pour_asks_for_a_place_for_each_block(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(10 * MIB)
    manifest = await write(store, keys, {"a": data})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    filled: dict[int, bytes] = {}
    one_at_a_time = asyncio.Semaphore(1)

    @asynccontextmanager
    async def place(offset: int, size: int) -> AsyncIterator[memoryview]:
        async with one_at_a_time:
            memory = memoryview(bytearray(size))
            yield memory
            filled[offset] = bytes(memory)

    await reader.pour("a", place)
    assert filled == {at: data[at : at + 4 * MIB] for at in (0, 4 * MIB, 8 * MIB)}


async def test_pour_from_a_folder_and_from_a_pack_that_is_gone(tmp_path: Path, keys: SessionKeys):
    data = os.urandom(9 * MIB)
    folder = open_store(f"file://{tmp_path}")
    store = prefixed(folder, "sessions/x/")
    manifest = await write(store, keys, {"a": data})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    target = bytearray(len(data))
    await reader.read_into("a", memoryview(target))
    assert target == data
    (pack,) = await names(store, "packs/")
    whole = await store.get(pack)
    await store.put(pack, whole[: len(whole) // 2])
    with pytest.raises(SnapshotCorrupt, match=f"{pack} is damaged"):
        await reader.read_into("a", memoryview(target))
    await store.delete(pack)
    with pytest.raises(SnapshotCorrupt, match=f"{pack} is missing"):
        await reader.read_into("a", memoryview(target))
    await folder.close()


async def test_of_several_faults_one_is_told_and_none_is_left_unheard(tmp_path: Path, keys: SessionKeys):
    unheard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context["message"]))
    folder = open_store(f"file://{tmp_path}")
    store = prefixed(folder, "sessions/x/")
    manifest = await write(store, keys, {"a": os.urandom(40 * MIB)})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    for pack in await names(store, "packs/"):
        await store.delete(pack)
    for _ in range(5):
        with pytest.raises(SnapshotCorrupt, match="is missing"):
            await reader.read_into("a", memoryview(bytearray(40 * MIB)))
    gc.collect()
    await folder.close()
    assert unheard == []


async def test_a_wrong_check_value_costs_nothing_if_the_id_is_right(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(5000)
    writer = SnapshotWriter(store, keys, SESSION, epoch=1)
    blob = writer.blob("a")
    await blob.block(data, b"?" * 16)
    await blob.close()
    manifest = await writer.commit({})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    assert await reader.read("a") == data


async def test_bytes_that_changed_before_they_were_encrypted_are_noticed(
    store: MemoryStore, keys: SessionKeys, monkeypatch
):
    monkeypatch.setattr(packer, "block_id", lambda keys, data: block_id(keys, b"as they were"))
    writer = SnapshotWriter(store, keys, SESSION, epoch=1)
    blob = writer.blob("a")
    await blob.block(b"as they are", check_value(b"as they were"))
    await blob.close()
    manifest = await writer.commit({})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    with pytest.raises(SnapshotCorrupt, match="other content"):
        await reader.read("a")


async def test_small_blobs_are_fetched_together(store: MemoryStore, keys: SessionKeys):
    blobs = {str(number): b"%d" % number for number in range(3000)}
    manifest = await write(store, keys, blobs)
    counting = FaultyStore(store)
    reader = await open_snapshot(counting, keys, SESSION, manifest.snapshot)
    assert {name: await reader.read(name) for name in blobs} == blobs
    assert len(counting.calls) == 2  # the manifest, and one range


async def test_a_stream_that_is_left_early_leaves_nothing_running(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": os.urandom(30 * MIB)})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    stream = reader.stream("a")
    await stream.__anext__()
    await stream.aclose()
    assert len(await reader.read("a")) == 30 * MIB


async def test_a_request_that_failed_is_made_again(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": b"hello"})
    faulty = FaultyStore(store)
    reader = await open_snapshot(faulty, keys, SESSION, manifest.snapshot)
    faulty.fault = lambda method, key: StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await reader.read("a")
    faulty.fault = lambda method, key: None
    assert await reader.read("a") == b"hello"


async def test_no_such_snapshot_or_blob(store: MemoryStore, keys: SessionKeys):
    with pytest.raises(NotFound):
        await open_snapshot(store, keys, SESSION, "0" * 32)
    manifest = await write(store, keys, {})
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    with pytest.raises(KeyError):
        await reader.read("nothing")


async def test_another_key_is_told_from_damage(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": b"x"})
    with pytest.raises(WrongKey, match="under another key"):
        await open_snapshot(store, SessionKeys(b"z" * 32), SESSION, manifest.snapshot)


async def test_another_session_s_manifest_is_refused(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": b"x"})
    with pytest.raises(SnapshotCorrupt, match="not its own"):
        await open_snapshot(store, keys, "another-session", manifest.snapshot)


async def test_a_manifest_in_another_s_place_is_refused(store: MemoryStore, keys: SessionKeys):
    first = await write(store, keys, {"a": b"x"})
    second = await write(store, keys, {"a": b"y"})
    await store.put(f"manifests/{first.snapshot}", await store.get(f"manifests/{second.snapshot}"))
    with pytest.raises(SnapshotCorrupt):
        await open_snapshot(store, keys, SESSION, first.snapshot)


async def test_a_missing_pack_is_named(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": b"x"})
    (pack,) = await names(store, "packs/")
    await store.delete(pack)
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    with pytest.raises(SnapshotCorrupt, match=f"{pack} is missing; restore an older"):
        await reader.read("a")


async def test_packs_that_changed_places_are_refused(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {"a": b"first"})
    (mine,) = await names(store, "packs/")
    await write(store, keys, {"a": b"other"})
    (other,) = set(await names(store, "packs/")) - {mine}
    await store.put(mine, await store.get(other))
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    with pytest.raises(SnapshotCorrupt, match=f"{mine} is damaged"):
        await reader.read("a")

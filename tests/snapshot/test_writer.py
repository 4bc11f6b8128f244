from __future__ import annotations

import asyncio
import os

import pytest
import xxhash

from migrator.snapshot import SessionKeys, SnapshotWriter, open_snapshot, pipeline
from migrator.snapshot.blocks import BLOCK_BYTES
from migrator.snapshot.errors import WriterMisused
from migrator.snapshot.pipeline import BUDGET_BYTES, LEAST_BYTES
from migrator.storage import StoreFull, StoreUnavailable
from migrator.storage.memory import MemoryStore
from tests.rigs.faulty_store import FaultyStore
from tests.snapshot.building import SESSION, names, read_all, write


def writer_for(store, keys: SessionKeys, base=None) -> SnapshotWriter:
    return SnapshotWriter(store, keys, SESSION, epoch=1, base=base)


async def test_what_is_stored_shows_nothing(store: MemoryStore, keys: SessionKeys):
    secret = b"the user's secret " * 1000
    await write(store, keys, {"name-of-a-blob": secret}, body={"password": "hunter2"})
    for key in await names(store, ""):
        data = await store.get(key)
        assert b"secret" not in data
        assert b"name-of-a-blob" not in data
        assert b"hunter2" not in data


async def test_equal_blocks_are_stored_once(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(BLOCK_BYTES)
    writer = writer_for(store, keys)
    for name in ("a", "b", "c"):
        blob = writer.blob(name)
        await blob.write(data * 2)
        await blob.close()
    manifest = await writer.commit({})
    assert BLOCK_BYTES < writer.bytes_written < BLOCK_BYTES + 1000
    assert len({ref for blob in manifest.blobs.values() for ref in blob.blocks}) == 1


async def test_blocks_of_the_base_are_found_without_being_told(store: MemoryStore, keys: SessionKeys):
    data = os.urandom(3 * BLOCK_BYTES + 5)
    base = await write(store, keys, {"a": data})
    writer = writer_for(store, keys, base)
    blob = writer.blob("under another name")
    await blob.write(data)
    await blob.close()
    manifest = await writer.commit({})
    assert writer.bytes_written == 0
    assert manifest.blobs["under another name"] == base.blobs["a"]


async def test_the_same_bytes_have_another_id_in_another_session(store: MemoryStore):
    first = await write(store, SessionKeys(b"1" * 32), {"a": b"same"})
    second = await write(store, SessionKeys(b"2" * 32), {"a": b"same"})
    assert first.blobs["a"].blocks[0].id != second.blobs["a"].blocks[0].id


async def test_ten_thousand_small_blobs_share_packs(store: MemoryStore, keys: SessionKeys):
    blobs = {f"part/{number}": b"%d" % number for number in range(10_000)}
    manifest = await write(store, keys, blobs)
    assert len(await names(store, "packs/")) == 1
    assert await read_all(store, keys, manifest.snapshot) == blobs


async def test_check_is_xxh3_of_the_plain_bytes_or_what_the_caller_says(store: MemoryStore, keys: SessionKeys):
    writer = writer_for(store, keys)
    blob = writer.blob("a")
    await blob.block(b"one", None)
    await blob.block(b"two", b"c" * 16)
    await blob.close()
    first, second = (await writer.commit({})).blobs["a"].blocks
    assert first.check == xxhash.xxh3_128_hexdigest(b"one")
    assert second.check == (b"c" * 16).hex()


async def test_a_buffer_may_change_once_write_has_returned(store: MemoryStore, keys: SessionKeys):
    writer = writer_for(store, keys)
    blob = writer.blob("a")
    buffer = bytearray(BLOCK_BYTES + 100)
    for value in (1, 2):
        buffer[:] = bytes([value]) * len(buffer)
        await blob.write(buffer)
    buffer[:] = bytes(len(buffer))
    await blob.block(memoryview(buffer)[:BLOCK_BYTES])
    buffer[:] = b"\xff" * len(buffer)
    await blob.close()
    manifest = await writer.commit({})
    found = await read_all(store, keys, manifest.snapshot)
    size = BLOCK_BYTES + 100
    assert found["a"] == b"\1" * size + b"\2" * size + bytes(BLOCK_BYTES)


async def test_compressible_blocks_are_compressed_and_others_are_not(
    store: MemoryStore, keys: SessionKeys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline, "QUEUED_BYTES", 0)
    manifest = await write(store, keys, {"zeros": bytes(BLOCK_BYTES), "noise": os.urandom(BLOCK_BYTES)})
    assert manifest.blobs["zeros"].blocks[0].stored < BLOCK_BYTES / 100
    assert manifest.blobs["noise"].blocks[0].stored > BLOCK_BYTES


async def test_tasks_may_write_their_blobs_at_the_same_time(store: MemoryStore, keys: SessionKeys):
    blobs = {str(number): os.urandom(500_000) for number in range(20)}
    writer = writer_for(store, keys)

    async def one(name: str) -> None:
        blob = writer.blob(name)
        for start in range(0, len(blobs[name]), 70_000):
            await blob.block(blobs[name][start : start + 70_000])
        await blob.close()

    await asyncio.gather(*(one(name) for name in blobs))
    manifest = await writer.commit({})
    assert await read_all(store, keys, manifest.snapshot) == blobs


@pytest.mark.parametrize(("budget", "most"), [(1 << 40, BUDGET_BYTES), (32 << 20, 32 << 20), (0, LEAST_BYTES)])
async def test_memory_is_bounded_while_the_store_does_not_answer(
    store: MemoryStore, keys: SessionKeys, budget: int, most: int
):
    stuck = asyncio.Event()
    slow = FaultyStore(store)

    async def put(key: str, data, **conditions) -> str:
        await stuck.wait()
        return await store.put(key, data, **conditions)

    slow.put = put
    writer = SnapshotWriter(slow, keys, SESSION, epoch=1, budget=budget)
    blob = writer.blob("a")
    given = 0

    async def give() -> None:
        nonlocal given
        for _ in range(40):
            await blob.block(os.urandom(BLOCK_BYTES))
            given += BLOCK_BYTES

    task = asyncio.create_task(give())
    done, _ = await asyncio.wait({task}, timeout=3)
    assert not done
    assert given <= most
    stuck.set()
    await task
    await blob.close()
    assert (await writer.commit({})).state_bytes == 40 * BLOCK_BYTES


@pytest.mark.parametrize("size", [BLOCK_BYTES, BLOCK_BYTES - 100_000, 1_500_000, 70_000])
async def test_the_least_budget_never_waits_for_itself(store: MemoryStore, keys: SessionKeys, size: int):
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, budget=0)
    blob = writer.blob("a")
    count = 3 * LEAST_BYTES // size
    for _ in range(count):
        await asyncio.wait_for(blob.block(os.urandom(size)), 60)
    await blob.close()
    assert (await writer.commit({})).state_bytes == count * size


async def test_much_that_shrinks_to_little_does_not_fill_the_budget(
    store: MemoryStore, keys: SessionKeys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline, "QUEUED_BYTES", 0)
    blocks = BUDGET_BYTES // BLOCK_BYTES + 10
    writer = writer_for(store, keys)
    blob = writer.blob("a")
    for number in range(blocks):
        await asyncio.wait_for(blob.block(b"%08d" % number * (BLOCK_BYTES // 8)), 60)
    await blob.close()
    manifest = await writer.commit({})
    assert manifest.state_bytes == blocks * BLOCK_BYTES
    assert len(manifest.packs()) == 1


async def test_a_cancelled_write_lets_go_of_the_buffer_first(store: MemoryStore, keys: SessionKeys):
    writer = writer_for(store, keys)
    blob = writer.blob("a")
    buffer = bytearray(os.urandom(BLOCK_BYTES))
    content = bytes(buffer)
    task = asyncio.create_task(blob.block(buffer))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    buffer[:] = bytes(len(buffer))
    writer.forget("a")
    again = writer.blob("a")
    await again.block(content)
    await again.close()
    manifest = await writer.commit({})
    assert await read_all(store, keys, manifest.snapshot) == {"a": content}


async def test_the_manifest_is_stored_after_every_pack(store: MemoryStore, keys: SessionKeys):
    seen = FaultyStore(store)
    await write(seen, keys, {"a": os.urandom(20 * 2**20)})
    kinds = [key.split("/")[0] for _, key in seen.calls]
    assert kinds == ["packs"] * (len(kinds) - 1) + ["manifests"]


@pytest.mark.parametrize("error", [StoreFull("full"), StoreUnavailable("away")])
async def test_a_store_that_fails_half_way(store: MemoryStore, keys: SessionKeys, error: Exception):
    base = await write(store, keys, {"a": b"before"})
    faulty = FaultyStore(store)
    faulty.fault = lambda method, key: error if len(faulty.calls) == 3 else None
    writer = writer_for(faulty, keys, base)
    blob = writer.blob("b")
    with pytest.raises(type(error)):
        await blob.write(os.urandom(100 * BLOCK_BYTES))
    with pytest.raises(type(error)):
        await blob.block(b"more")
    await writer.abort()
    assert await names(store, "manifests/") == [f"manifests/{base.snapshot}"]
    assert len(await names(store, "packs/")) == 1
    assert await read_all(store, keys, base.snapshot) == {"a": b"before"}


async def test_a_failure_at_the_end_is_not_forgotten(store: MemoryStore, keys: SessionKeys):
    faulty = FaultyStore(store)
    faulty.fault = lambda method, key: StoreFull("full") if method == "put" else None
    writer = writer_for(faulty, keys)
    blob = writer.blob("a")
    await blob.write(b"small")
    await blob.close()
    with pytest.raises(StoreFull):
        await writer.commit({})
    assert await names(store, "") == []


async def test_abort_takes_back_what_was_written(store: MemoryStore, keys: SessionKeys):
    writer = writer_for(store, keys)
    blob = writer.blob("a")
    await blob.write(os.urandom(30 * 2**20))
    await writer.abort()
    assert await names(store, "") == []
    with pytest.raises(WriterMisused, match="abandoned"):
        await writer.commit({})


async def test_a_blob_begun_again(store: MemoryStore, keys: SessionKeys):
    writer = writer_for(store, keys)
    for data in (b"half", b"whole"):
        writer.forget("a")
        blob = writer.blob("a")
        await blob.write(data)
    await blob.close()
    manifest = await writer.commit({})
    assert await read_all(store, keys, manifest.snapshot) == {"a": b"whole"}


async def test_misuse_is_told(store: MemoryStore, keys: SessionKeys):
    base = await write(store, keys, {"a": b"x"})
    writer = writer_for(store, keys, base)
    blob = writer.blob("b")
    with pytest.raises(WriterMisused, match="already"):
        writer.blob("b")
    with pytest.raises(WriterMisused, match="no blob 'c'"):
        writer.keep("c")
    with pytest.raises(WriterMisused, match="none of the base"):
        await blob.reuse(base.blobs["a"].blocks[0]._replace(offset=7))
    with pytest.raises(WriterMisused, match="at most"):
        await blob.block(bytes(BLOCK_BYTES + 1))
    with pytest.raises(WriterMisused, match="not closed"):
        await writer.commit({})
    await blob.close()
    with pytest.raises(WriterMisused, match="closed"):
        await blob.block(b"late")
    with pytest.raises(TypeError):
        await writer.commit({"not json": object()})


async def test_a_body_that_is_not_json_leaves_no_manifest(store: MemoryStore, keys: SessionKeys):
    with pytest.raises(TypeError):
        await write(store, keys, {"a": b"x"}, body={"x": {1, 2}})
    assert await names(store, "manifests/") == []


async def test_the_manifest_says_where_it_comes_from(store: MemoryStore, keys: SessionKeys):
    writer = SnapshotWriter(store, keys, SESSION, epoch=7)
    manifest = await writer.commit({"x": 1})
    found = (await open_snapshot(store, keys, SESSION, manifest.snapshot)).manifest
    assert found == manifest
    assert (found.session, found.epoch, found.parent, found.format) == (SESSION, 7, None, 1)

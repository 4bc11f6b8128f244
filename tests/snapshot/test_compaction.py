from __future__ import annotations

import os
import time

import pytest

from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter
from migrator.snapshot.check import SessionCheck
from migrator.snapshot.errors import WriterMisused
from migrator.snapshot.retention import collect_garbage
from migrator.storage import StoreUnavailable
from migrator.storage.memory import MemoryStore
from tests.rigs.faulty_store import FaultyStore
from tests.snapshot.building import SESSION, names, read_all, write

BLOBS = 10


async def nearly_all_dead(store: MemoryStore, keys: SessionKeys) -> tuple[Manifest, dict[str, bytes]]:
    """A pack of ten blobs, of which the last snapshot needs the first two only."""
    content = {str(number): os.urandom(50_000) for number in range(BLOBS)}
    first = await write(store, keys, content)
    left = {name: content[name] for name in ("0", "1")}
    return await write(store, keys, left, base=first), left


async def write_compacted(store, keys: SessionKeys, base: Manifest, new: dict[str, bytes]) -> Manifest:
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
    for name in base.blobs:
        writer.keep(name)
    for name, data in new.items():
        blob = writer.blob(name)
        await blob.write(data)
        await blob.close()
    await writer.compact()
    return await writer.commit({})


async def collect(store, keys: SessionKeys, named: Manifest) -> list[str]:
    """After days, and twice, since packs go in the run after their manifests."""
    gone: list[str] = []
    for _ in range(2):
        later = time.time() + 3 * 24 * 3600
        gone += (await collect_garbage(store, keys, SESSION, [named.snapshot], now=later)).keys
    return gone


async def test_what_is_left_of_a_pack_moves_and_the_pack_can_go(store: MemoryStore, keys: SessionKeys):
    base, left = await nearly_all_dead(store, keys)
    (old,) = base.packs()
    manifest = await write_compacted(store, keys, base, {"new": b"n"})
    assert old not in manifest.packs()
    for _ in range(3):  # so that the snapshots which need the old pack are no longer among the last
        manifest = await write_compacted(store, keys, manifest, {})
    assert f"packs/{old}" in await collect(store, keys, manifest)
    assert await read_all(store, keys, manifest.snapshot) == {**left, "new": b"n"}
    assert [fault async for fault in SessionCheck(store, keys, SESSION).faults()] == []


async def test_blocks_are_copied_as_they_are(store: MemoryStore, keys: SessionKeys):
    base, _ = await nearly_all_dead(store, keys)
    manifest = await write_compacted(store, keys, base, {})
    for name in base.blobs:
        (before,), (after,) = base.blobs[name].blocks, manifest.blobs[name].blocks
        assert (before.id, before.check, before.size, before.stored) == (
            after.id,
            after.check,
            after.size,
            after.stored,
        )
        old, new = [(await store.get(f"packs/{ref.pack}"))[ref.offset :][: ref.stored] for ref in (before, after)]
        assert old == new


async def test_a_writer_that_began_before_is_not_harmed(store: MemoryStore, keys: SessionKeys):
    base, left = await nearly_all_dead(store, keys)
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
    for name in base.blobs:
        writer.keep(name)
    await write_compacted(store, keys, base, {})
    await collect_garbage(store, keys, SESSION, [base.snapshot])
    last = await writer.commit({})
    assert await read_all(store, keys, last.snapshot) == left
    assert await read_all(store, keys, base.snapshot) == left


async def test_packs_that_are_still_needed_stay(store: MemoryStore, keys: SessionKeys):
    first = await write(store, keys, {str(number): os.urandom(50_000) for number in range(BLOBS)})
    second = await write_compacted(store, keys, first, {})
    assert second.blobs == first.blobs
    assert len(await names(store, "packs/")) == 1


async def test_a_store_that_refuses_costs_nothing_but_the_copy(store: MemoryStore, keys: SessionKeys):
    base, left = await nearly_all_dead(store, keys)
    faulty = FaultyStore(store)
    faulty.fault = lambda method, key: StoreUnavailable("away") if method == "get" else None
    manifest = await write_compacted(faulty, keys, base, {})
    assert manifest.packs() == base.packs()
    assert await read_all(store, keys, manifest.snapshot) == left


async def test_a_pack_that_is_cut_short_is_not_copied(store: MemoryStore, keys: SessionKeys):
    base, _ = await nearly_all_dead(store, keys)
    last = max((blob.blocks[0] for blob in base.blobs.values()), key=lambda ref: ref.offset)
    data = await store.get(f"packs/{last.pack}")
    await store.put(f"packs/{last.pack}", data[: last.offset + 100] if last.offset else data)
    manifest = await write_compacted(store, keys, base, {})
    assert last in [blob.blocks[0] for blob in manifest.blobs.values()]


async def test_an_abandoned_snapshot_takes_its_copies_back(store: MemoryStore, keys: SessionKeys):
    base, _ = await nearly_all_dead(store, keys)
    before = await names(store, "packs/")
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
    for name in base.blobs:
        writer.keep(name)
    await writer.compact()
    assert len(await names(store, "packs/")) == len(before) + 1
    await writer.abort()
    assert await names(store, "packs/") == before


async def test_it_is_for_closed_blobs(store: MemoryStore, keys: SessionKeys):
    writer = SnapshotWriter(store, keys, SESSION, epoch=1)
    writer.blob("open")
    with pytest.raises(WriterMisused, match="not closed"):
        await writer.compact()

from __future__ import annotations

import pytest

from migrator.snapshot import SessionKeys, SnapshotCorrupt, WrongKey
from migrator.snapshot.pack import PACK_BYTES, read_index
from migrator.storage.memory import MemoryStore
from tests.snapshot.building import SESSION, names, write


async def test_the_index_lists_what_the_manifest_names(store: MemoryStore, keys: SessionKeys):
    manifest = await write(store, keys, {str(number): bytes([number]) * number for number in range(1, 100)})
    (pack,) = manifest.packs()
    found = read_index(await store.get(f"packs/{pack}"), keys, SESSION, pack)
    assert set(found) == {ref for blob in manifest.blobs.values() for ref in blob.blocks}


async def test_no_pack_is_larger_than_its_limit(store: MemoryStore, keys: SessionKeys):
    await write(store, keys, {str(number): b"%d" % number for number in range(200_000)})
    sizes = [info.size async for info in store.list("packs/")]
    assert len(sizes) > 1
    assert max(sizes) <= PACK_BYTES


async def test_an_index_opens_in_its_place_only(store: MemoryStore, keys: SessionKeys):
    await write(store, keys, {"a": b"x"})
    (name,) = await names(store, "packs/")
    data = await store.get(name)
    with pytest.raises(WrongKey):
        read_index(data, SessionKeys(b"z" * 32), SESSION, name[6:])
    with pytest.raises(SnapshotCorrupt, match="not its own"):
        read_index(data, keys, SESSION, "0" * 32)
    for left in (0, 5, 30, len(data) - 1):
        with pytest.raises(SnapshotCorrupt, match="cut off"):
            read_index(data[:left], keys, SESSION, name[6:])

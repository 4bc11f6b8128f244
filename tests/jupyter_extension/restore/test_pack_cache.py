"""A restoration that begins while a standby still fetches neither waits for all of it nor asks for anything twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_extension.restore.downloads import PARALLEL
from jupyter_extension.restore.pack_cache import PackCache
from migrator.snapshot.pack import pack_key
from migrator.storage import NotFound, ObjectStore, StoreUnavailable
from migrator.storage.opening import open_store
from tests.rigs.faulty_store import FaultyStore

LIMIT_S = 60
PACKS = [f"{number:032x}" for number in range(10)]


class SlowStore(FaultyStore):
    """Gives each pack when the test says so."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self.free = {pack_key(pack): asyncio.Event() for pack in PACKS}

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        data = await super().get(key, start=start, length=length)
        await self.free[key].wait()
        return data

    @property
    def asked(self) -> list[str]:
        return [key.rpartition("/")[2] for method, key in self.calls if method == "get"]

    async def wait_for(self, pack: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while pack not in self.asked:
                await asyncio.sleep(0.01)


@pytest.fixture
async def store(tmp_path: Path) -> SlowStore:
    real = open_store(f"file://{tmp_path}/store")
    for pack in PACKS:
        await real.put(pack_key(pack), f"content of {pack}".encode())
    return SlowStore(real)


@pytest.fixture
async def cache(store: SlowStore) -> AsyncIterator[PackCache]:
    made = PackCache(store)
    yield made
    await made.drop()


def let_go(store: SlowStore, *packs: str) -> None:
    for pack in packs:
        store.free[pack_key(pack)].set()


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def content(cache: PackCache, pack: str) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        return await cache.get(pack_key(pack), start=11)


async def test_what_was_fetched_is_not_asked_for_again(store: SlowStore, cache: PackCache):
    let_go(store, *PACKS)
    await cache.fetch(PACKS)
    await cache.fetch(PACKS)
    assert [await content(cache, pack) for pack in PACKS] == [pack.encode() for pack in PACKS]
    assert sorted(store.asked) == PACKS


async def test_a_few_at_a_time_in_the_order_given(store: SlowStore, cache: PackCache):
    fetching = asyncio.ensure_future(cache.fetch(PACKS))
    await store.wait_for(PACKS[PARALLEL - 1])
    assert store.asked == PACKS[:PARALLEL]
    let_go(store, *PACKS)
    await asyncio.wait_for(fetching, LIMIT_S)
    assert store.asked == PACKS


async def test_who_waits_for_one_has_it_next_and_it_comes_once(store: SlowStore, cache: PackCache):
    fetching = asyncio.ensure_future(cache.fetch(PACKS))
    await store.wait_for(PACKS[PARALLEL - 1])
    last = asyncio.ensure_future(content(cache, PACKS[-1]))
    await asyncio.sleep(0)
    let_go(store, PACKS[0], PACKS[-1])
    assert await last == PACKS[-1].encode()
    assert store.asked[: PARALLEL + 1] == [*PACKS[:PARALLEL], PACKS[-1]]
    let_go(store, *PACKS)
    await asyncio.wait_for(fetching, LIMIT_S)
    assert sorted(store.asked) == PACKS


async def test_a_restoration_waits_for_what_is_under_way_and_reads_the_rest_without_the_disk_between(
    store: SlowStore, cache: PackCache
):
    fetching = asyncio.ensure_future(cache.fetch(PACKS))
    await store.wait_for(PACKS[PARALLEL - 1])
    fetching.cancel()
    reading = [asyncio.ensure_future(content(cache, pack)) for pack in (PACKS[0], PACKS[-1])]
    await asyncio.sleep(0)
    cache.settle()
    let_go(store, *PACKS)
    assert await asyncio.gather(*reading) == [PACKS[0].encode(), PACKS[-1].encode()]
    assert [await content(cache, pack) for pack in PACKS] == [pack.encode() for pack in PACKS]
    assert store.asked == [*PACKS[:PARALLEL], PACKS[-1], *PACKS[PARALLEL:]]


async def test_a_restoration_does_not_stop_what_a_standby_began(store: SlowStore, cache: PackCache):
    fetching = asyncio.ensure_future(cache.fetch(PACKS))
    await store.wait_for(PACKS[0])
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    let_go(store, *PACKS)
    assert [await content(cache, pack) for pack in PACKS] == [pack.encode() for pack in PACKS]
    assert sorted(store.asked) == PACKS


async def test_a_download_that_failed_is_the_store_s_to_explain(store: SlowStore, cache: PackCache):
    let_go(store, *PACKS)
    store.fault = lambda _, key: StoreUnavailable("away") if key == pack_key(PACKS[3]) else None
    with pytest.raises(StoreUnavailable, match="away"):
        await cache.fetch(PACKS)
    with pytest.raises(StoreUnavailable, match="away"):
        await content(cache, PACKS[3])
    store.fault = lambda method, key: None
    assert await content(cache, PACKS[3]) == PACKS[3].encode()
    await cache.fetch(PACKS)
    assert await content(cache, PACKS[3]) == PACKS[3].encode()


async def test_a_pack_that_is_missing_is_said_to_be(cache: PackCache):
    with pytest.raises(NotFound):
        await cache.fetch(["f" * 32])
    with pytest.raises(NotFound):
        await cache.get(pack_key("f" * 32))


async def test_dropped_it_leaves_nothing_behind_and_reads_from_the_store(
    store: SlowStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cache = PackCache(store)
    fetching = asyncio.ensure_future(cache.fetch(PACKS))
    await store.wait_for(PACKS[0])
    fetching.cancel()
    await cache.drop()
    assert names(tmp_path) == ["store"]
    let_go(store, *PACKS)
    assert await content(cache, PACKS[0]) == PACKS[0].encode()

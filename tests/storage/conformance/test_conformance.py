"""What every backend does. Whoever adds one adds it to the fixture, and changes nothing here."""

from __future__ import annotations

import asyncio
import time

import pytest

from migrator.storage import Conflict, InvalidKey, NotFound, ObjectStore

A, B, MISSING = (f"packs/{letter * 32}" for letter in "ab0")
MANIFEST = f"manifests/{'a' * 32}"
ESCAPES = [
    "",
    "/",
    "packs/",
    "/packs/a",
    "packs//a",
    "packs/../a",
    "..",
    "packs/..",
    ".tmp/a",
    "packs/a\0",
    "packs/a b",
]


async def test_what_was_put_comes_back(store: ObjectStore):
    await store.put(A, b"hello")
    assert await store.get(A) == b"hello"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_any_buffer_can_be_put(store: ObjectStore, kind: type):
    await store.put(A, kind(b"hello"))
    assert await store.get(A) == b"hello"


async def test_an_empty_object_is_an_object(store: ObjectStore):
    await store.put(A, b"")
    assert await store.get(A) == b""
    assert (await store.head(A)).size == 0


async def test_a_pack_of_sixteen_mebibytes(store: ObjectStore):
    data = bytes(range(256)) * (16 * 4096)
    await store.put(A, memoryview(data))
    assert await store.get(A) == data
    assert await store.get(A, start=8_000_001, length=5) == data[8_000_001:8_000_006]


async def test_a_later_put_replaces(store: ObjectStore):
    before = await store.put(A, b"one")
    after = await store.put(A, b"other")
    assert before != after
    assert await store.get_with_etag(A) == (b"other", after)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 2, b"he"), (1, None, b"ello"), (3, 100, b"lo"), (5, 1, b""), (9, None, b""), (2, 0, b"")],
)
async def test_ranges(store: ObjectStore, start: int, length: int | None, expected: bytes):
    await store.put(A, b"hello")
    assert await store.get(A, start=start, length=length) == expected


@pytest.mark.parametrize("call", ["get", "get_with_etag", "head"])
async def test_what_is_not_there(store: ObjectStore, call: str):
    with pytest.raises(NotFound):
        await getattr(store, call)(MISSING)
    with pytest.raises(NotFound):
        await store.get(MISSING, start=1, length=0)


async def test_head_says_what_put_said(store: ObjectStore):
    etag = await store.put(A, b"hello")
    info = await store.head(A)
    assert (info.key, info.size, info.etag) == (A, 5, etag)
    assert info.modified is not None
    assert abs(info.modified - time.time()) < 60


async def test_listing_by_any_prefix_in_order(store: ObjectStore):
    for key in (B, A, "journal/00000001-00000102", "journal/00000001-00000001", MANIFEST):
        await store.put(key, key.encode())
    assert [info.key async for info in store.list("packs/")] == [A, B]
    assert [info.key async for info in store.list("journal/00000001-000001")] == ["journal/00000001-00000102"]
    assert [info.key async for info in store.list("pa")] == [A, B]
    assert [info.key async for info in store.list("packs/c")] == []
    everything = [info async for info in store.list("")]
    assert len(everything) == 5
    for info in everything:
        head = await store.head(info.key)
        assert (head.key, head.size, head.etag) == (info.key, info.size, info.etag)


async def test_listing_more_than_a_page(store: ObjectStore):
    for start in range(0, 1100, 100):
        await asyncio.gather(*(store.put(f"packs/{number:032x}", b"") for number in range(start, start + 100)))
    assert [info.key async for info in store.list("packs/")] == [f"packs/{number:032x}" for number in range(1100)]


async def test_deleting_twice_is_no_error(store: ObjectStore):
    await store.put(A, b"hello")
    await store.delete(A)
    await store.delete(A)
    with pytest.raises(NotFound):
        await store.head(A)
    assert [info.key async for info in store.list("")] == []


async def test_create_only_if_absent(store: ObjectStore):
    await store.put(MANIFEST, b"first", if_absent=True)
    with pytest.raises(Conflict):
        await store.put(MANIFEST, b"second", if_absent=True)
    assert await store.get(MANIFEST) == b"first"


async def test_of_many_creators_one_wins(store: ObjectStore):
    results = await asyncio.gather(
        *(store.put(MANIFEST, b"%d" % number, if_absent=True) for number in range(20)), return_exceptions=True
    )
    winners = [number for number, result in enumerate(results) if isinstance(result, str)]
    assert len(winners) == 1
    assert all(isinstance(result, (str, Conflict)) for result in results)
    assert await store.get(MANIFEST) == b"%d" % winners[0]


async def test_compare_and_swap(store: ObjectStore):
    first = await store.put(MANIFEST, b"first")
    second = await store.put(MANIFEST, b"second", if_match=first)
    with pytest.raises(Conflict):
        await store.put(MANIFEST, b"third", if_match=first)
    assert await store.get_with_etag(MANIFEST) == (b"second", second)


async def test_compare_and_swap_of_what_is_not_there(store: ObjectStore):
    etag = await store.put(MANIFEST, b"first")
    await store.delete(MANIFEST)
    with pytest.raises(Conflict):
        await store.put(MANIFEST, b"second", if_match=etag)


async def test_no_update_is_lost(store: ObjectStore):
    await store.put(MANIFEST, b"0")

    async def add_one() -> None:
        while True:
            value, etag = await store.get_with_etag(MANIFEST)
            try:
                await store.put(MANIFEST, b"%d" % (int(value) + 1), if_match=etag)
            except Conflict:
                continue
            return

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert await store.get(MANIFEST) == b"12"


@pytest.mark.parametrize("key", ESCAPES)
@pytest.mark.parametrize("call", ["get", "head", "delete", "get_with_etag"])
async def test_keys_that_could_escape_are_refused(store: ObjectStore, call: str, key: str):
    with pytest.raises(InvalidKey, match="is no key"):
        await getattr(store, call)(key)
    with pytest.raises(InvalidKey, match="is no key"):
        await store.put(key, b"")


@pytest.mark.parametrize("prefix", ["/", "../", "packs/../", ".tmp", "packs//"])
async def test_prefixes_that_could_escape_are_refused(store: ObjectStore, prefix: str):
    with pytest.raises(InvalidKey, match="is no prefix"):
        _ = [info async for info in store.list(prefix)]

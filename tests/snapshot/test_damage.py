"""Bytes that were changed or cut off are found, and never given out."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.snapshot import JournalWriter, SessionKeys, SnapshotError, read_journal
from migrator.snapshot.check import SessionCheck
from migrator.storage.memory import MemoryStore
from tests.snapshot.building import SESSION, names, noise, read_all, write

KEYS = SessionKeys(b"k" * 32)
BLOBS = {"noise": noise(1, 3000), "zeros": bytes(5000), "small": b"x"}
KINDS = ("packs/", "manifests/", "journal/")


async def whole_session() -> tuple[MemoryStore, str]:
    store = MemoryStore()
    manifest = await write(store, KEYS, BLOBS, body={"journal": {"epoch": 1, "seq": 0}})
    await JournalWriter(store, KEYS, SESSION, 1).append([{"type": "request", "code": "1 + 1"}])
    return store, manifest.snapshot


async def everything(store: MemoryStore, snapshot: str) -> object:
    return await read_all(store, KEYS, snapshot), await read_journal(store, KEYS, SESSION, (1, 0))


async def damaged(kind: str, damage) -> tuple[MemoryStore, str, str]:
    store, snapshot = await whole_session()
    (key,) = await names(store, kind)
    await store.put(key, damage(await store.get(key)))
    return store, snapshot, key


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit(kind: str, place: float, bit: int):
    def flip(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[int(place * len(data))] ^= 1 << bit
        return bytes(changed)

    asyncio.run(_never_wrong(kind, flip))


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(KINDS), left=st.floats(0, 1, exclude_max=True))
def test_a_truncated_object(kind: str, left: float):
    asyncio.run(_never_wrong(kind, lambda data: data[: int(left * len(data))]))


async def _never_wrong(kind: str, damage) -> None:
    intact = await everything(*await whole_session())
    store, snapshot, key = await damaged(kind, damage)
    found = await _found_or_error(store, snapshot)
    # Reading does not need the index at the end of a pack; the check sees that, too.
    assert key in str(found) if isinstance(found, SnapshotError) else (kind, found) == ("packs/", intact)
    faults = [fault.key async for fault in SessionCheck(store, KEYS, SESSION).faults()]
    assert faults[0] == key


async def _found_or_error(store: MemoryStore, snapshot: str) -> object:
    try:
        return await everything(store, snapshot)
    except SnapshotError as error:
        return error


@pytest.mark.parametrize("kind", KINDS)
async def test_a_lost_object_is_missed(kind: str):
    store, _ = await whole_session()
    await write(store, KEYS, {"second": b"y"})
    await JournalWriter(store, KEYS, SESSION, 1).append([{"n": 2}])
    await JournalWriter(store, KEYS, SESSION, 1).append([{"n": 3}])
    lost = (await names(store, kind))[1]
    await store.delete(lost)
    check = SessionCheck(store, KEYS, SESSION)
    faults = [fault async for fault in check.faults()]
    if kind == "manifests/":  # a snapshot without a manifest does not exist; its packs are garbage
        assert (faults, check.garbage) == ([], 1)
    else:
        assert any(lost in f"{fault.key} {fault.problem}" for fault in faults)

"""Stores written by earlier versions are read for ever. Nothing here is changed; a new format adds a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrator.session import SessionRecords
from migrator.session.checking import StoreCheck
from migrator.session.sealing import Secrets, unseal
from migrator.snapshot import SessionKeys, open_snapshot, read_journal
from migrator.storage import open_store
from tests.snapshot.golden.make import BLOBS, BODY, ENTRIES, KEY, LATER, SECRET, SESSION, TOKEN

GOLDEN = Path(__file__).with_name("golden")
VERSIONS = sorted(folder.name for folder in GOLDEN.glob("v*"))


@pytest.fixture(params=VERSIONS)
async def store(request: pytest.FixtureRequest, tmp_path: Path):
    shutil.copytree(GOLDEN / request.param, tmp_path / "store")
    opened = open_store(f"file://{tmp_path}/store")
    yield opened
    await opened.close()


async def test_the_record(store):
    record = await SessionRecords(store).get(SESSION)
    assert (record.epoch, record.phase, record.owner.address) == (1, "active", "http://127.0.0.1:1")
    assert unseal(SECRET, SESSION, record.sealed) == Secrets(KEY, TOKEN, {"image": "golden"})


async def test_the_snapshots(store):
    records = SessionRecords(store)
    view = records.objects(SESSION)
    keys = SessionKeys(KEY)
    second = await open_snapshot(view, keys, SESSION, (await records.get(SESSION)).snapshot)
    first = await open_snapshot(view, keys, SESSION, second.manifest.parent)
    assert {name: await first.read(name) for name in first.manifest.blobs} == BLOBS
    assert {name: await second.read(name) for name in second.manifest.blobs} == LATER
    assert first.manifest.body == second.manifest.body == BODY
    assert [ref.size for ref in second.manifest.blobs["two blocks"].blocks] == [3, 3]


async def test_the_journal(store):
    view = SessionRecords(store).objects(SESSION)
    found = await read_journal(view, SessionKeys(KEY), SESSION, (0, 0))
    assert found == [(1, seq, entries) for seq, entries in enumerate(ENTRIES, 1)]


async def test_the_check_finds_nothing(store):
    check = StoreCheck(store, secret=SECRET)
    assert [fault async for fault in check.faults()] == []
    assert vars(check.summary) == {"sessions": 1, "snapshots": 2, "garbage": 0, "faults": 0}


def test_there_is_a_store_of_each_version():
    from migrator.snapshot.envelope import VERSION

    assert [f"v{version}" for version in range(1, VERSION + 1)] == VERSIONS

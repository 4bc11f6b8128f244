from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from migrator.controller.index import Index
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.retention import Retention
from migrator.controller.settings import Controller
from migrator.controller.tools import Tools
from migrator.session import Owner, Record, SessionRecords, new_session_id
from migrator.session.sealing import Secrets, seal
from migrator.snapshot import SessionKeys, SnapshotWriter
from migrator.storage.errors import NotFound
from migrator.storage.opening import open_store

SECRET, KEY = b"federation-secret-of-at-least-32-bytes", bytes(range(32))
LONG_AGO = time.time() - 200_000


@pytest.fixture
async def retention(tmp_path: Path) -> AsyncIterator[Retention]:
    store = open_store(f"file://{tmp_path}/store")
    records, peers, pods = SessionRecords(store), Peers({}, SECRET), Pods(SECRET)
    settings = Controller(member="a", members={"a": {}, "b": {}})
    tools = Tools(settings, records, Index(records), peers, pods, Tools.outcome_counter(CollectorRegistry()))
    yield Retention(tools, SECRET)
    pods.close()
    peers.close()
    await store.close()


async def session(retention: Retention, phase: str, *, member: str | None = "a", updated: float = LONG_AGO) -> Record:
    name = new_session_id()
    owner = Owner(member, "/user/x/") if member else None
    sealed = seal(SECRET, name, Secrets(KEY))
    record = Record(id=name, epoch=1, phase=phase, owner=owner, sealed=sealed, updated=updated, retention_s=86400)
    await retention.tools.records.create(record)
    await retention.tools.records.objects(name).put("packs/" + "0" * 32, b"x")
    return record


async def after(retention: Retention, record: Record) -> str:
    """The phase after one run; `erased` if nothing is left."""
    await retention.tools.index.refresh()
    await retention.once()
    try:
        return (await retention.tools.records.get(record.id)).phase
    except NotFound:
        left = [info async for info in retention.tools.records.objects(record.id).list("")]
        return f"left over: {left}" if left else "erased"


@pytest.mark.parametrize(
    ("phase", "age", "expected"),
    [
        ("ended", 7200, "erased"),
        ("ended", 60, "ended"),
        ("suspended", 100_000, "ended"),
        ("suspended", 60, "suspended"),
        ("starting", 7200, "ended"),
        ("starting", 60, "starting"),
        ("active", 1_000_000, "active"),
    ],
)
async def test_each_phase_has_its_time(retention: Retention, phase: str, age: float, expected: str) -> None:
    member = None if phase in {"ended", "suspended"} else "a"
    assert await after(retention, await session(retention, phase, member=member, updated=time.time() - age)) == expected


async def test_another_members_sessions_are_left_to_it(retention: Retention) -> None:
    assert await after(retention, await session(retention, "starting", member="b")) == "starting"


async def test_the_named_snapshot_of_a_living_session_stays_and_lost_packs_go(
    retention: Retention, tmp_path: Path
) -> None:
    record = await session(retention, "active")
    objects = retention.tools.records.objects(record.id)
    writer = SnapshotWriter(objects, SessionKeys(KEY), record.id, epoch=1)
    manifest = await writer.commit({})
    named = await retention.tools.records.update(record.id, lambda r: replace(r, snapshot=manifest.snapshot))
    for file in (tmp_path / "store").rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))
    assert await after(retention, named) == "active"
    assert [info.key async for info in objects.list("manifests/")] == [f"manifests/{manifest.snapshot}"]
    assert [info.key async for info in objects.list("packs/")] == []


async def test_a_snapshot_that_cannot_be_read_deletes_nothing(retention: Retention) -> None:
    record = await session(retention, "active")
    objects = retention.tools.records.objects(record.id)
    await objects.put("manifests/" + "1" * 32, b"rubbish")
    named = await retention.tools.records.update(record.id, lambda r: replace(r, snapshot="1" * 32))
    assert await after(retention, named) == "active"
    assert len([info async for info in objects.list("")]) == 2

"""A copy that is being made is told from one that failed by whichever controller of the member is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from migrator.controller import copyist
from migrator.controller.copies import Copies
from migrator.controller.index import Index
from migrator.controller.move import Mover
from migrator.controller.peers import Peers
from migrator.controller.settings import Controller
from migrator.session import Record, SessionRecords, phases
from migrator.session.sealing import Secrets, seal
from migrator.snapshot import SessionKeys, SnapshotWriter
from migrator.storage import open_store

SECRET = b"federation-secret-of-at-least-32-bytes"
SOURCE = "a-session-to-be-copied"
KEY = bytes(range(32))


@dataclass
class Moves:
    """A mover that only writes down what is asked of it; what it does is tested with real hubs, in `test_copies.py`."""

    records: SessionRecords
    begun: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, session: str, **_: Any) -> None:
        await self.held.wait()
        self.begun.append(session)
        await self.records.update(session, lambda record: phases.noted(record, "notice"))

    async def end(self, session: str) -> Record:
        return await self.records.update(session, phases.end)


@pytest.fixture
async def records() -> AsyncIterator[SessionRecords]:
    store = open_store("memory:")
    records = SessionRecords(store)
    writer = SnapshotWriter(records.objects(SOURCE), SessionKeys(KEY), SOURCE, epoch=1)
    body = {"kernels": {}, "sessions": [], "files": {"entries": []}, "server": {}, "redo": []}
    manifest = await writer.commit(body)
    sealed = seal(SECRET, SOURCE, Secrets(KEY, "t", {}))
    record = Record(SOURCE, 1, "suspended", user="x", snapshot=manifest.snapshot, sealed=sealed)
    await records.create(record)
    yield records
    await store.close()


def controller(records: SessionRecords) -> tuple[Copies, Moves]:
    """One of the controllers of a member."""
    moves = Moves(records)
    settings = Controller(member="a")
    copies = Copies(settings, SECRET, records, Index(records), cast("Mover", moves), cast("Peers", None))
    return copies, moves


async def test_another_controller_does_not_end_what_is_being_made(records: SessionRecords) -> None:
    (maker, moves), (other, _) = controller(records), controller(records)
    copy = (await maker.begin(SOURCE)).id
    for _ in range(50):  # whatever step it is at
        assert (await other.state(SOURCE, copy))["state"] == "copying"
        await asyncio.sleep(0)
    moves.held.set()
    while not moves.begun:
        assert (await other.state(SOURCE, copy))["state"] != "failed"
        await asyncio.sleep(0.01)
    assert (await records.get(copy)).phase == "suspended"
    await maker.close()


async def test_a_copy_is_signed_as_long_as_it_is_made(records: SessionRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copyist, "SIGN_S", 0.01)
    maker, _ = controller(records)
    copy = (await maker.begin(SOURCE)).id
    long_ago = await records.update(copy, lambda record: replace(record, updated=1.0))
    assert not copyist.is_being_made(long_ago)
    while not copyist.is_being_made(await records.get(copy)):
        await asyncio.sleep(0.01)
    await maker.close()
    stopped = await records.update(copy, lambda record: replace(record, updated=1.0))
    await asyncio.sleep(0.1)
    assert await records.get(copy) == stopped


async def test_a_copy_whose_maker_is_gone_has_failed_and_says_so(records: SessionRecords) -> None:
    (maker, _), (other, _) = controller(records), controller(records)
    copy = (await maker.begin(SOURCE)).id
    await maker.close()
    await records.update(copy, lambda record: replace(record, updated=record.updated - copyist.SILENCE_S))
    state = await other.state(SOURCE, copy)
    assert (state["state"], "interrupted" in state["reason"]) == ("failed", True)
    assert (await records.get(copy)).phase == "ended"

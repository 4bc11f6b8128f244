"""A machine with fifty sessions gives fifty warnings at once: each costs what it concerns, and what all ask is asked once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry, Counter
from tornado.web import RequestHandler

from migrator.controller.index import Index
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.tools import Tools
from migrator.launch.hub import Hub
from migrator.notice.event import Cause, Notice
from migrator.session import Owner, Record, SessionRecords
from migrator.storage import open_store
from tests.rigs.answering import answering

SECRET = b"federation-secret-of-at-least-32-bytes"
MANY = 50


class Counted(SessionRecords):
    """Knows how often all records were listed."""

    lists = 0

    async def list(self) -> AsyncIterator[str]:
        self.lists += 1
        await asyncio.sleep(0)
        async for each in super().list():
            yield each


@pytest.fixture
async def records() -> Counted:
    records = Counted(open_store("memory:"))
    owner = Owner("a", "/user/x/", "http://127.0.0.1:1", 1.0)
    for number in range(MANY):
        await records.create(Record(f"session-{number:02}", 1, "active", owner=owner, user=f"user-{number}"))
    return records


class Room(RequestHandler):
    """A member's controller that is asked for room."""

    asked: list[str]

    async def get(self) -> None:
        self.asked.append(self.request.uri or "")
        await asyncio.sleep(0.05)
        self.finish({"member": "b", "free": None, "image": True, "fits": 3})


@pytest.fixture
async def peers() -> AsyncIterator[tuple[Peers, list[str]]]:
    handler = type("Handler", (Room,), {"asked": []})
    async with answering(handler) as url:
        peers = Peers({"b": {"controller": url}}, SECRET)
        yield peers, handler.asked
        peers.close()


async def test_who_asks_for_all_records_while_they_are_read_shares_the_next_reading(records: Counted) -> None:
    index = Index(records)
    first = asyncio.create_task(index.refresh())
    await asyncio.sleep(0)
    await records.create(Record("session-new", 1, "active"))
    later = await asyncio.gather(*(index.refresh() for _ in range(MANY)))
    await first
    assert all("session-new" in {record.id for record in found} for found in later), "it was there when they asked"
    assert records.lists == 2


async def test_one_after_another_each_reads_anew(records: Counted) -> None:
    index = Index(records)
    for _ in range(3):
        await index.refresh()
    assert records.lists == 3


async def test_many_who_ask_for_room_at_once_ask_together(peers: tuple[Peers, list[str]]) -> None:
    ask, asked = peers
    answers = await asyncio.gather(*(ask.rooms("image@sha256:0") for _ in range(MANY)))
    assert [[room.fits for room in rooms] for rooms in answers] == [[3]] * MANY
    assert len(asked) == 1
    await ask.rooms("another@sha256:1")
    assert len(asked) == 2, "another question has another answer"


async def test_a_warning_for_one_session_reads_no_others_record(
    records: Counted, peers: tuple[Peers, list[str]]
) -> None:
    registry = CollectorRegistry()
    tools = Tools(
        Controller(member="a"), records, Index(records), peers[0], Pods(SECRET), Tools.outcome_counter(registry)
    )
    mover = Mover(tools)
    desk = NoticeDesk(
        "a", tools.index, mover, Hub("http://127.0.0.1:1", ""), Counter("n", "n", ("cause",), registry=registry)
    )
    deadline = time.time() + 3600
    names = [f"session-{number:02}" for number in range(MANY)]
    notices = [Notice(Cause.RECLAIMED, deadline, "the node goes", session=name) for name in names]
    taken = await asyncio.gather(*(desk.take(notice) for notice in notices))
    assert [record.id for each in taken for record in each] == names
    assert await desk.take(Notice(Cause.RECLAIMED, deadline, "unknown", session="a-session-of-nobody")) == []
    assert records.lists == 0
    await mover.stop()
    tools.pods.close()

"""When a successor may run: a hub's word that a server has stopped is not yet proof that its processes have ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from migrator.controller.index import Index
from migrator.controller.marks import Plan, changed_plan, quiet_at, with_plan
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.silence import LEASE_MARGIN_S, Silence
from migrator.controller.steps import Steps
from migrator.controller.tools import Tools
from migrator.session import Owner, Record, SessionRecords, phases
from migrator.storage import open_store
from tests.rigs.answering import answering

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-lost-session"
LEASE_S = 20.0


@dataclass
class Source:
    """The controller of the member that lost the session: what it answers to `tend`."""

    url: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens until the answer."""


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    source = Source()

    class Tend(RequestHandler):
        async def post(self) -> None:
            if source.meanwhile is not None:
                await source.meanwhile()
            self.finish(source.answer)

    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r".*", Tend)]))
    server.add_sockets(sockets)
    source.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    yield source
    server.stop()
    await server.close_all_connections()


@pytest.fixture
async def tools(source: Source) -> AsyncIterator[Tools]:
    settings = Controller(member="a", lease_s=LEASE_S)
    records = SessionRecords(open_store("memory:"))
    peers, pods = Peers({"a": {"controller": source.url}}, SECRET), Pods(SECRET)
    yield Tools(settings, records, Index(records), peers, pods, Tools.outcome_counter(CollectorRegistry()))
    pods.close()
    peers.close()


async def lost(tools: Tools, **plan: Any) -> Record:
    owner = Owner("a", "/user/x/", "http://127.0.0.1:1", time.time())
    record = phases.begin_move(Record(SESSION, 1, "active", owner=owner, user="x", snapshot="0" * 32))
    return await tools.records.create(with_plan(record, Plan("lost", "lost", "a", **plan)))


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        ({"stopped": True, "dead": True}, 0.0),
        ({"stopped": True, "dead": False}, LEASE_S + LEASE_MARGIN_S),
        ({"stopped": False, "dead": False}, LEASE_S + LEASE_MARGIN_S),
    ],
)
async def test_without_proof_of_an_end_the_lease_has_to_run_out(
    tools: Tools, source: Source, answer: dict[str, Any], wait_s: float
) -> None:
    source.answer = answer
    assert await Silence(tools).of(await lost(tools), None) == wait_s


async def test_a_session_suspended_without_its_servers_word_is_not_resumed_before_that_is_silent(tools: Tools) -> None:
    await Steps(tools).put_away(await lost(tools))
    suspended = await tools.records.get(SESSION)
    assert suspended.phase == "suspended"
    assert quiet_at(suspended) > time.time() + LEASE_S - 1
    resumed = phases.begin_resume(with_plan(suspended, Plan("resume", "asked", "a")))
    assert await Silence(tools).of(resumed, None) > LEASE_S - 1


async def test_a_session_suspended_by_its_servers_word_is_resumed_at_once(tools: Tools) -> None:
    await Steps(tools).put_away(await lost(tools, saved=True))
    suspended = await tools.records.get(SESSION)
    resumed = phases.begin_resume(with_plan(suspended, Plan("resume", "asked", "a")))
    assert await Silence(tools).of(resumed, None) == 0.0


@pytest.mark.parametrize("saves", [True, False])
async def test_a_server_that_saves_while_it_stops_is_not_called_lost(tools: Tools, source: Source, saves: bool) -> None:
    """It takes no more calls by then, and its last snapshot may become durable after ours was refused."""
    source.answer = {"stopped": True, "dead": True}
    record = await lost(tools)
    told = changed_plan(phases.stopping(record), way="emergency", deadline=time.time() + 60)
    record = await tools.records.update(SESSION, lambda _: told)

    async def last_word() -> None:
        if saves:
            await tools.note(SESSION, "durable", {})

    source.meanwhile = last_word
    assert await Silence(tools).of(record, None) == 0.0
    now = await tools.records.get(SESSION)
    assert ("lost" in {event.event for event in now.timeline}) is not saves
    assert "ended" in {event.event for event in now.timeline}


@pytest.mark.parametrize(("lost", "frozen"), [(1, True), (2, False)])
async def test_a_busy_source_is_asked_to_save_once_more_before_its_deadline(
    tools: Tools, lost: int, frozen: bool
) -> None:
    asked = []

    class Freeze(RequestHandler):
        async def post(self) -> None:
            asked.append(self.request.path)
            if len(asked) <= lost:
                self.request.connection.stream.close()
            else:
                self.finish({"snapshot": "1" * 32})

    async with answering(Freeze) as url:
        record = Record(SESSION, 1, "active", owner=Owner("a", "/user/x/", url, time.time()), user="x")
        plan = Plan("live", "reclaimed", "a", deadline=time.time() + 60)
        record = await tools.records.create(with_plan(phases.begin_move(record), plan))
        assert await Silence(tools).freeze(record, record.owner) is frozen
    assert asked == ["/user/x/migrator/api/v1/freeze"] * 2
    assert ("durable" in [each.event for each in (await tools.records.get(SESSION)).timeline]) is frozen

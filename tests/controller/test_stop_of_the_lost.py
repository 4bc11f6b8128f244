"""A hub that is to end a server which died before it could save must not be kept waiting for what never comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from migrator.controller.doors import Doors
from migrator.controller.index import Index
from migrator.controller.marks import Plan, with_plan
from migrator.controller.member import Member
from migrator.controller.move import Mover
from migrator.controller.peers import Peers
from migrator.controller.places import Places
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.controller.stops import Stops
from migrator.controller.tools import Tools
from migrator.launch.hub import Hub
from migrator.session import Owner, Record, SessionRecords, phases
from migrator.storage import open_store

SECRET = b"federation-secret-of-at-least-32-bytes"
NOW_S = 20.0  # far less than the freeze that a living server would be waited for
SESSION = "a-session-that-died"


@pytest.fixture
def records() -> SessionRecords:
    return SessionRecords(open_store("memory:"))


@pytest.fixture
async def stops(records: SessionRecords) -> AsyncIterator[Stops]:
    """Of member a, whose routes are left alone."""
    settings = Controller(member="a", freeze_timeout_s=600.0)
    index, peers, pods, hub = Index(records), Peers({}, SECRET), Pods(SECRET), Hub("http://127.0.0.1:1/hub/api", "t")
    tools = Tools(settings, records, index, peers, pods, Tools.outcome_counter(CollectorRegistry()))
    standbys, places = Standbys(settings, SECRET, records, hub, pods), Places("a", peers, "http://holding")
    doors = Doors(settings, records, index, places, standbys, None)
    member = Member(settings, records, index, hub, pods, standbys, places, doors)
    yield Stops(member, Mover(tools), records, index)
    pods.close()
    peers.close()


async def moving(records: SessionRecords, way: str) -> Record:
    record = Record(SESSION, 1, "active", owner=Owner("a", "/user/x/", "http://10.0.0.9:8888"), user="x")
    return await records.create(with_plan(phases.begin_move(record), Plan(way, "stopped", "a")))


async def test_a_lost_server_is_stopped_at_once(stops: Stops, records: SessionRecords) -> None:
    await moving(records, "lost")
    assert await asyncio.wait_for(stops.stop("x", meant=True), NOW_S) is False


async def test_a_living_one_is_waited_for_until_it_has_saved_or_is_lost(stops: Stops, records: SessionRecords) -> None:
    record = await moving(records, "live")
    stopping = asyncio.ensure_future(stops.stop("x", meant=True))
    done, _ = await asyncio.wait({stopping}, timeout=1.0)
    assert not done
    await records.update(record.id, lambda fresh: with_plan(fresh, Plan("lost", "stopped", "a")))
    assert await asyncio.wait_for(stopping, NOW_S) is False

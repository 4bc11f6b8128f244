"""Who is looked after, and from when on. What follows from a death stands in test_move.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from migrator.controller.index import Index
from migrator.controller.marks import Plan, with_plan, with_restored
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.tools import Tools
from migrator.controller.watcher import Watcher
from migrator.launch.hub import Hub
from migrator.session import Owner, Record, SessionRecords
from migrator.storage import open_store
from tests.rigs.ports import free_ports

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-session-that-came"


@pytest.fixture
async def watcher() -> AsyncIterator[Watcher]:
    """Of member b; nobody listens where the hub should be."""
    settings = Controller(member="b", dead_after=1000)
    records = SessionRecords(open_store("memory:"))
    index, peers, pods, registry = Index(records), Peers({}, SECRET), Pods(SECRET), CollectorRegistry()
    tools = Tools(settings, records, index, peers, pods, Tools.outcome_counter(registry))
    mover, hub = Mover(tools), Hub(f"http://127.0.0.1:{free_ports(1)[0]}/hub/api", "token")
    notices = Counter("notices", "Warnings", ("cause",), registry=registry)
    yield Watcher(tools, mover, NoticeDesk("b", index, mover, hub, notices))
    pods.close()
    peers.close()


async def test_a_session_that_another_controller_brought_is_looked_after_from_the_next_round_on(
    watcher: Watcher,
) -> None:
    dead = f"http://127.0.0.1:{free_ports(1)[0]}"
    closed = with_restored(Record(SESSION, 2, "active", owner=Owner("b", "/user/x/", dead), user="x"))
    watcher.tools.index.put(with_plan(closed, Plan("live", "drain", "a")))  # as the driver's last call found it
    await watcher.tools.records.create(closed)
    await watcher.once()
    assert watcher.misses[SESSION] >= 1.0

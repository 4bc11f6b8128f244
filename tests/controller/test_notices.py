"""What a deletion of a pod means: its hub's word, or the server's own farewell, tells a stop from a kill."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter
from tornado.web import RequestHandler

from migrator.controller.index import Index
from migrator.controller.marks import plan_of
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.tools import Tools
from migrator.launch.hub import Hub
from migrator.notice.event import Cause, Notice
from migrator.session import Owner, Record, SessionRecords, phases
from migrator.storage import open_store
from tests.rigs.answering import answering
from tests.rigs.ports import free_ports

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-session-whose-pod-goes"


class Users(RequestHandler):
    """A hub that knows the one server as the test says; None: not at all."""

    server: dict[str, Any] | None

    def get(self) -> None:
        self.finish({"servers": {"": self.server} if self.server else {}})


@pytest.fixture
def records() -> SessionRecords:
    return SessionRecords(open_store("memory:"))


@pytest.fixture
async def desk(records: SessionRecords) -> AsyncIterator[NoticeDesk]:
    index, peers, pods, registry = Index(records), Peers({}, SECRET), Pods(SECRET), CollectorRegistry()
    tools = Tools(Controller(member="a"), records, index, peers, pods, Tools.outcome_counter(registry))
    mover = Mover(tools)
    async with answering(Users) as url:
        notices = Counter("notices", "Warnings", ("cause",), registry=registry)
        yield NoticeDesk("a", index, mover, Hub(url, "token"), notices)
    await mover.stop()
    pods.close()
    peers.close()


@pytest.mark.parametrize(
    ("server", "farewell", "way"),
    [
        ({"ready": True, "pending": "stop"}, False, "suspend"),
        ({"ready": True, "pending": None}, True, "live"),
        (None, True, "suspend"),
        (None, False, "live"),
    ],
    ids=["the hub stops it", "somebody else does", "the hub has stopped it", "the hub found it dead and tidied up"],
)
async def test_a_stop_and_a_kill(
    desk: NoticeDesk, records: SessionRecords, server: dict[str, Any] | None, farewell: bool, way: str
) -> None:
    Users.server = server
    dead = f"http://127.0.0.1:{free_ports(1)[0]}"
    record = Record(SESSION, 1, "active", owner=Owner("a", "/user/x/", dead), user="x", snapshot="0" * 32)
    desk.index.put(await records.create(record))
    if farewell:  # noted by a gateway: this controller has not read it yet
        await records.update(SESSION, phases.stopping)
    (taken,) = await desk.take(Notice(Cause.STOPPED, time.time() + 60, "the pod was deleted", session=SESSION))
    plan = plan_of(taken)
    assert plan is not None
    assert plan.way == way

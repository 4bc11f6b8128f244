"""The round over all sessions costs calls only where something is out of line, however many sessions rest."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from migrator.controller.disowned import Disowned
from migrator.controller.doors import Doors
from migrator.controller.index import Index
from migrator.controller.marks import with_door, with_server
from migrator.controller.member import Member
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.peers import Peers
from migrator.controller.places import Places
from migrator.controller.pods import Pods
from migrator.controller.reconcile import Reconciler
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.controller.tools import Tools
from migrator.launch.hub import Hub
from migrator.routing.proxy import Proxy
from migrator.routing.switch import Switch
from migrator.session import Record, SessionRecords
from migrator.storage import open_store
from tests.rigs.ports import free_ports
from tests.rigs.proxy import running_proxy
from tests.rigs.small_hub import PROXY_TOKEN

SECRET = b"federation-secret-of-at-least-32-bytes"
HOLDING = "http://127.0.0.1:9"


@pytest.fixture
async def reconciler() -> AsyncIterator[Reconciler]:
    """With a real proxy, and a hub that does not answer: whoever asks it is seen in the log."""
    settings = Controller(member="a", hub_token_file="", stop_timeout_s=0.2)
    records = SessionRecords(open_store("memory:"))
    index, peers, pods = Index(records), Peers({}, SECRET), Pods(SECRET)
    tools = Tools(settings, records, index, peers, pods, Tools.outcome_counter(CollectorRegistry()))
    hub = Hub(f"http://127.0.0.1:{free_ports(1)[0]}/hub/api", "token")
    with running_proxy() as (_, api, _):
        switch = Switch(Proxy(api, PROXY_TOKEN), ["api", "lab"])
        standbys = Standbys(settings, SECRET, records, hub, pods)
        places = Places(settings.member, peers, HOLDING)
        doors = Doors(settings, records, index, places, standbys, switch)
        member = Member(settings, records, index, hub, pods, standbys, places, doors)
        mover = Mover(tools)
        desk = NoticeDesk("a", index, mover, hub, Counter("notices", "", ("cause",), registry=CollectorRegistry()))
        yield Reconciler(tools, member, mover, Disowned(tools, hub, desk), first=False)
    pods.close()
    peers.close()


async def resting(reconciler: Reconciler, number: int) -> Record:
    user = f"user-{number}"
    record = with_server(Record(f"resting-session-{number}", 2, "suspended", user=user), f"/user/{user}/")
    return await reconciler.tools.records.create(with_door(record, "a"))


async def test_sessions_that_are_in_line_are_left_alone(
    reconciler: Reconciler, caplog: pytest.LogCaptureFixture
) -> None:
    switch = reconciler.member.doors.switch
    assert switch is not None
    for number in range(3):
        record = await resting(reconciler, number)
        await switch.take(record.id, f"/user/{record.user}/", HOLDING, switched=_nothing, stop_server=_nothing)
    await reconciler.once()
    assert [each.message for each in caplog.records if each.levelno >= logging.WARNING] == []

    await resting(reconciler, 3)
    await reconciler.once()
    warned = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(warned) == 1
    assert "not in line yet" in warned[0]


async def _nothing() -> None:
    """There is no server to stop, and nobody to tell."""

"""Steps that wait for somebody else: a member that takes the call and never answers costs its time limit, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from tornado.web import RequestHandler

from migrator.controller.index import Index
from migrator.controller.marks import Plan, plan_of, with_plan
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.steps import Steps
from migrator.controller.tools import Tools
from migrator.session import Record, SessionRecords, Target, phases
from migrator.storage import open_store
from tests.rigs.answering import answering

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-waiting-session"


class Room(RequestHandler):
    """A controller that has room, and whose standbys never come up."""

    def get(self) -> None:
        self.finish({"member": "any", "free": None, "public_url": ""})

    async def post(self) -> None:
        await asyncio.Event().wait()


class Full(Room):
    """One whose machines are full."""

    def get(self) -> None:
        self.finish({"member": "any", "free": None, "public_url": "", "fits": 0})


@pytest.fixture
async def member() -> AsyncIterator[str]:
    async with answering(Room) as url:
        yield url


@pytest.fixture
async def tools(member: str) -> AsyncIterator[Tools]:
    settings = Controller(member="a", host_timeout_s=0.5, room_wait_s=0.0)
    records = SessionRecords(open_store("memory:"))
    peers = Peers({"b": {"controller": member}, "c": {"controller": member}}, SECRET)
    pods, outcomes = Pods(SECRET), Tools.outcome_counter(CollectorRegistry())
    yield Tools(settings, records, Index(records), peers, pods, outcomes)
    pods.close()
    peers.close()


async def moving(tools: Tools, plan: Plan, target: str | None) -> Record:
    """A session that is being resumed."""
    new = Record(SESSION, 3, "suspended", user="x", snapshot="0" * 32)
    record = phases.begin_resume(new, Target(target, "/user/x/") if target else None)
    return await tools.records.create(with_plan(record, plan))


async def test_a_member_that_does_not_answer_in_time_gives_way_to_another(tools: Tools) -> None:
    steps, record = Steps(tools), await moving(tools, Plan("resume", "asked", "a"), "b")
    await steps.transfer(record)
    record = await tools.records.get(SESSION)
    assert record.target is None
    assert [(event.event, event.detail["member"]) for event in record.timeline] == [("failed", "b")]
    await steps.choose(record)
    assert (await tools.records.get(SESSION)).target == Target("c", "/user/x/")


@pytest.mark.parametrize(("patience_s", "then"), [(60.0, "b"), (0.0, "c")])
async def test_one_that_has_room_is_asked_again_before_one_whose_machines_are_full(
    tools: Tools, member: str, patience_s: float, then: str
) -> None:
    async with answering(Full) as full:
        tools.peers.close()
        tools.peers = Peers({"b": {"controller": member}, "c": {"controller": full}}, SECRET)
        tools.settings.room_wait_s = patience_s
        steps, record = Steps(tools), await moving(tools, Plan("resume", "asked", "a"), "b")
        await steps.transfer(record)
        await steps.choose(await tools.records.get(SESSION))
        record = await tools.records.get(SESSION)
        assert record.target is None
        assert "full" in next(event.detail["reason"] for event in record.timeline if event.event == "waiting")
        if not patience_s:  # still in vain
            record = await tools.update(SESSION, lambda fresh: phases.retarget(fresh, Target("b", "/user/x/")))
            await steps.transfer(record)
        await steps.choose(await tools.records.get(SESSION))
        assert (await tools.records.get(SESSION)).target == Target(then, "/user/x/")


async def test_when_nobody_answers_in_time_it_is_suspended_and_not_lost(tools: Tools) -> None:
    steps, record = Steps(tools), await moving(tools, Plan("resume", "asked", "a", only="d"), None)
    await steps.choose(record)
    assert plan_of(await tools.records.get(SESSION)) is not None
    await steps.choose(await tools.records.get(SESSION))
    record = await tools.records.get(SESSION)
    assert (record.phase, record.snapshot, record.owner) == ("suspended", "0" * 32, None)
    assert {"waiting", "suspended"} <= {event.event for event in record.timeline}


async def test_the_last_step_of_a_suspension_leaves_alone_the_resumption_that_another_driver_began(
    tools: Tools,
) -> None:
    plan = Plan("suspend", "stopped", "b", then={"cause": "resumed", "only": None})
    suspended = await tools.records.create(
        with_plan(Record(SESSION, 3, "suspended", user="x", snapshot="0" * 32), plan)
    )
    await Steps(tools).finish(suspended)  # the first of two drivers
    resumed = await tools.records.get(SESSION)
    assert (resumed.phase, plan_of(resumed)) == ("moving", Plan("resume", "resumed", "b", source_epoch=3))
    await Steps(tools).finish(suspended)
    assert await tools.records.get(SESSION) == resumed

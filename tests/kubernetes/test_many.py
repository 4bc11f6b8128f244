"""Fifty sessions on one spot node that is taken away at once: each is durable within the notice, and goes on elsewhere.

Their servers are tiny (this machine would not carry a hundred Jupyter servers); hub, Kubernetes, gateway and controller are real.
SESSION_MIGRATOR_MANY asks for another number.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.kubernetes.arrivals import kubectl, settled
from tests.kubernetes.launches import Launched, call, launch, record
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.plan import CHECKOUT, NODES, NodePlan
from tests.rigs.kubernetes.process import RigError, write
from tests.rigs.kubernetes.rig import RIG

pytestmark = [pytest.mark.kubernetes, pytest.mark.chaos]

SESSIONS = int(os.environ.get("SESSION_MIGRATOR_MANY", "50"))
STATE_BYTES = 1_000_000
AT_ONCE = 5
GATEWAY_LIMIT_BYTES = 300_000_000
NOTICE_S = 110.0  # of the two minutes that AWS gives, when its terminator's taint is there
TAINT = "aws-node-termination-handler/spot-itn"


@pytest.fixture
def only_a2(members, a2) -> Iterator[NodePlan]:
    """New sessions of `a` start on one node."""
    members["a"].kubectl("taint", "node", NODES["a1"], "test/full=yes:NoSchedule")
    yield a2
    members["a"].kubectl("taint", "node", NODES["a1"], "test/full-")
    members["a"].kubectl("taint", "node", a2, f"{TAINT}-")


class Memory:
    """The most that any gateway of some members was seen to use."""

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self.peaks: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled; kubelets look about every 10 s."""
        while True:
            for member in self._members:
                for node in member.cluster.nodes:
                    with contextlib.suppress(RigError):  # a node that is gone
                        await self._look(member, node.name)
            await asyncio.sleep(3)

    async def _look(self, member: Member, node: str) -> None:
        summary = json.loads(await kubectl(member, "get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
        for pod in summary["pods"]:
            name = f"{member.cluster.name} {pod['podRef']['name']}"
            if "gateway" in name:
                used = sum(container["memory"].get("workingSetBytes", 0) for container in pod["containers"])
                self.peaks[name] = max(used, self.peaks.get(name, 0))


@pytest.fixture
async def memory(members) -> AsyncIterator[Memory]:
    memory = Memory(list(members.values()))
    task = asyncio.create_task(memory.run())
    yield memory
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def put(session: Launched, value: str) -> None:
    await call(f"{session.url()}/api/value", method="POST", body={"value": value}, token=session.token)


async def value(session: Launched, member: Member) -> str:
    return str((await call(f"{session.url(member)}/api/value", token=session.token))["value"])


async def launch_many(member: Member) -> list[Launched]:
    """Some at once: the hub refuses floods."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one() -> Launched:
        async with limit:
            session = await launch(member, tiny=True)
            session.kernel = secrets.token_hex(STATE_BYTES // 2)
            await put(session, session.kernel)
            return session

    return list(await asyncio.gather(*(one() for _ in range(SESSIONS))))


async def durable_at(session: Launched, member: Member) -> float:
    """When it was, by its own record: fifty that are asked all the time would be a load of their own."""
    timeline = (await record(session, member))["timeline"]
    return next((float(event["at"]) for event in timeline if event["event"] == "durable"), float("inf"))


async def test_many_sessions_of_one_node_that_is_taken_away(members, memory, only_a2):
    sessions = await launch_many(members["a"])
    told = time.time()
    await kubectl(members["a"], "taint", "node", only_a2, f"{TAINT}=now:NoSchedule")
    await asyncio.sleep(NOTICE_S)  # the machine goes when its time is up, and not before
    await asyncio.to_thread(RIG.kill_node, only_a2)
    durable = {session.id: await durable_at(session, members["b"]) - told for session in sessions}
    write(
        CHECKOUT / "test-results" / "many-sessions.json",
        json.dumps({"durable_s": sorted(durable.values()), "gateway_bytes": memory.peaks}),
    )
    assert {each: at for each, at in durable.items() if at > NOTICE_S} == {}
    assert max(memory.peaks.values()) <= GATEWAY_LIMIT_BYTES
    for session in sessions:
        now = await settled(session, members["b"])
        assert now["epoch"] == 2
        assert await value(session, members[now["owner"]["member"]]) == session.kernel

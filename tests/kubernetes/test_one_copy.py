"""Never two live copies: whatever became of the former one, and whoever cannot reach it, it stands still before the next runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.kubernetes.arrivals import kubectl, moved_to, pods_of
from tests.kubernetes.launches import Launched, call, record, run_cell, until
from tests.kubernetes.pulse import Pulse
from tests.rigs.kubernetes.plan import NODES
from tests.rigs.kubernetes.rig import RIG, recover_node

pytestmark = pytest.mark.kubernetes


@pytest.fixture
async def pulse(session) -> AsyncIterator[Pulse]:
    """The kernel's."""
    pulse = Pulse(session, NODES["a2"])
    await pulse.begin(session)

    async def seen():
        return pulse.is_there

    await until("the kernel's pulse is seen", seen)
    yield pulse
    pulse.end()


def restored_at(now: dict) -> float:
    """When the next copy began to run what the user had done."""
    return next(event["at"] for event in reversed(now["timeline"]) if event["event"] == "restored")


async def address(session: Launched) -> str:
    """The server's own, past proxies."""
    return str((await record(session))["owner"]["address"])


async def test_a_forced_deletion_leaves_a_copy_that_stands_still(members, session, pulse):
    """Kubernetes forgets the pod at once; its processes have seconds left, in which they save."""
    await run_cell(session, "last_word = 'kept'")
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=0", "--force")
    now = await moved_to(session, members["b"])
    assert 0 < pulse.last < restored_at(now)
    assert await run_cell(session, "print(last_word)", member=members["b"]) == "kept\n"


async def test_a_node_that_is_cut_off_stands_still_before_its_successor_runs(members, session, pulse, a2):
    """It cannot be reached, nor killed; nobody tells it anything. When it is heard again it finds itself replaced."""
    former = await address(session)
    try:
        await asyncio.to_thread(RIG.cut, a2)
        now = await moved_to(session, members["b"])
        assert 0 < pulse.last < restored_at(now)
    finally:
        await asyncio.to_thread(RIG.mend, a2)
    await gone_or_fenced(session, former)
    assert not pulse.is_there
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"


async def test_a_copy_that_starts_again_with_its_node_runs_nothing(members, restarting, a2):
    """Its pod may start again (restartPolicy OnFailure): it asks before it does anything, and is told that it was replaced."""
    former = await address(restarting)
    await asyncio.to_thread(RIG.kill_node, a2)
    await moved_to(restarting, members["b"])
    await asyncio.to_thread(recover_node, a2)
    await gone_or_fenced(restarting, former)
    assert (await record(restarting, members["b"]))["epoch"] == 2
    assert await run_cell(restarting, "print(len(numbers))", member=members["b"]) == "1000\n"


async def gone_or_fenced(session: Launched, address: str) -> None:
    """The former copy's server has ended, or says itself that it was replaced and starts no kernel."""
    server = f"{address}/user/{session.user}"

    async def over() -> bool:
        pods = await pods_of(session, session.member)
        if not pods:
            return True
        status = await call(f"{server}/migrator/api/v1/status", token=session.token, limit_s=5)
        return bool(status["state"] == "fenced")

    await until("the former copy is gone or fenced", over)

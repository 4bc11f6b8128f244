"""Parts of the system fail while it works: sessions go on, or come back elsewhere, with the right state."""

from __future__ import annotations

import asyncio

import pytest

from tests.kubernetes.arrivals import kubectl, moved_to, node_of, settled
from tests.kubernetes.launches import Launched, record, run_cell, saved, until
from tests.kubernetes.outages import OUTAGE_S, no_api_server, no_bucket

pytestmark = pytest.mark.kubernetes


async def delete(session: Launched, grace: int) -> None:
    await kubectl(session.member, "delete", "pod", f"jupyter-{session.user}", f"--grace-period={grace}", "--wait=false")


async def kill_pods(member, component: str) -> None:
    selector = f"app.kubernetes.io/component={component}"
    await kubectl(member, "delete", "pods", "-l", selector, "--force", "--grace-period=0")


async def test_all_controllers_of_the_member_die_in_the_middle_of_a_move(members, session):
    await delete(session, 30)

    async def moving():
        return (await record(session, members["b"]))["phase"] == "moving"

    await until("the move has begun", moving)
    await kill_pods(members["a"], "controller")
    landed = members[(await settled(session, members["b"]))["owner"]["member"]]
    assert await run_cell(session, "print(len(numbers))", member=landed) == "1000\n"
    await node_of(session, members)


async def test_a_gateway_dies_during_an_upload(members, session):
    await run_cell(session, "import os; noise = os.urandom(100_000_000)")
    saving = asyncio.create_task(saved(session))
    gateways = await kubectl(members["a"], "get", "pods", "-l", "app.kubernetes.io/component=gateway", "-o", "name")
    await kubectl(members["a"], "delete", gateways.split()[0], "--force", "--grace-period=0")
    await saving
    await delete(session, 30)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(noise))", member=members["b"]) == "100000000\n"


async def test_the_bucket_is_away_when_the_notice_comes(members, session):
    """The pod waits for it as long as its grace allows."""
    await run_cell(session, "word = 'during the outage'")
    async with no_bucket():
        await delete(session, 60)
        await asyncio.sleep(OUTAGE_S)  # the fault itself, not a wait for something
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(word)", member=members["b"]) == "during the outage\n"


async def test_the_api_server_is_away(members, session):
    async with no_api_server(members["a"].cluster):
        assert await run_cell(session, "numbers.append('meanwhile'); print(numbers[-1])") == "meanwhile\n"
        await asyncio.sleep(OUTAGE_S)  # the fault itself, not a wait for something
    assert (await record(session))["epoch"] == 1, "it was moved though nothing had happened to it"
    await delete(session, 30)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(numbers[-1])", member=members["b"]) == "meanwhile\n"

"""Parts of the system fail while it works: sessions go on, or come back elsewhere, with the right state."""

from __future__ import annotations

import asyncio

import pytest

from tests.kubernetes.arrivals import kubectl, moved_to, node_of, settled
from tests.kubernetes.launches import Launched, record, run_cell, saved, until
from tests.rigs.kubernetes.cluster import start_api_server, stop_api_server
from tests.rigs.kubernetes.process import wait_for
from tests.rigs.kubernetes.rig import api_answers
from tests.rigs.kubernetes.store import start_store, stop_store

pytestmark = pytest.mark.kubernetes

OUTAGE_S = 30.0


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
    big = asyncio.create_task(
        run_cell(
            session,
            "import random; noise = random.randbytes(100_000_000) if hasattr(random, 'randbytes') else __import__('os').urandom(100_000_000)",
        )
    )
    await big
    saving = asyncio.create_task(saved(session))
    pods = (
        await kubectl(members["a"], "get", "pods", "-l", "app.kubernetes.io/component=gateway", "-o", "name")
    ).split()
    await kubectl(members["a"], "delete", pods[0], "--force", "--grace-period=0")
    await saving
    await delete(session, 30)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(noise))", member=members["b"]) == "100000000\n"


async def test_the_bucket_is_away_when_the_notice_comes(members, session):
    await run_cell(session, "word = 'during the outage'")
    await asyncio.to_thread(stop_store)
    await delete(session, 60)
    await asyncio.sleep(OUTAGE_S)  # the fault itself, not a wait for something
    await asyncio.to_thread(start_store)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(word)", member=members["b"]) == "during the outage\n"


async def test_the_api_server_is_away(members, session):
    cluster = members["a"].cluster
    await asyncio.to_thread(stop_api_server, cluster)
    assert await run_cell(session, "numbers.append('meanwhile'); print(numbers[-1])") == "meanwhile\n"
    await asyncio.sleep(OUTAGE_S)  # the fault itself, not a wait for something
    await asyncio.to_thread(start_api_server, cluster)
    await asyncio.to_thread(wait_for, "API server", lambda: api_answers(cluster))
    assert (await record(session))["epoch"] == 1, "it was moved though nothing had happened to it"
    await delete(session, 30)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(numbers[-1])", member=members["b"]) == "meanwhile\n"

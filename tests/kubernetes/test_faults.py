"""Parts of the system fail while it works: sessions go on, or come back elsewhere, with the right state."""

from __future__ import annotations

import asyncio

import pytest

from tests.kubernetes.launches import Launched, controller, launch, record, run_cell, saved, start_kernel, until
from tests.kubernetes.test_moves import kubectl, moved_to, node_of, settled
from tests.rigs.kubernetes.cluster import start_api_server, stop_api_server
from tests.rigs.kubernetes.node import kill_node, start_node
from tests.rigs.kubernetes.process import RigError, wait_for
from tests.rigs.kubernetes.rig import node_ready
from tests.rigs.kubernetes.store import start_store, stop_store

pytestmark = pytest.mark.kubernetes

OUTAGE_S = 15.0


@pytest.fixture
async def session(members) -> Launched:
    """A session in `a` with something to lose."""
    session = await launch(members["a"])
    await start_kernel(session)
    assert await run_cell(session, "numbers = list(range(1000)); print(len(numbers))") == "1000\n"
    await saved(session)
    return session


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
    await asyncio.to_thread(wait_for, "API server", lambda: api_answers(members["a"]))
    assert (await record(session))["epoch"] == 1, "it was moved though nothing had happened to it"
    await delete(session, 30)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(numbers[-1])", member=members["b"]) == "meanwhile\n"


async def test_a_whole_cluster_dies(members, session):
    """Its sessions resume elsewhere from their last durable snapshot, when their user asks for them."""
    cluster = members["a"].cluster
    for node in cluster.nodes:
        await asyncio.to_thread(kill_node, node)
    await asyncio.to_thread(stop_api_server, cluster)
    try:
        await controller(members["b"], f"/v1/sessions/{session.id}/resume", method="POST", body={})
        await moved_to(session, members["b"])
        assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"
    finally:
        await asyncio.to_thread(start_api_server, cluster)
        for node in cluster.nodes:
            await asyncio.to_thread(start_node, node)
        for node in cluster.nodes:
            await asyncio.to_thread(wait_for, f"ready node {node.name}", lambda node=node: node_ready(node), 300)
        await asyncio.to_thread(members["a"].install)


def api_answers(member) -> bool:
    try:
        return bool(member.kubectl("get", "--raw", "/readyz"))
    except RigError:
        return False

"""A session moves to the other cluster whatever takes its pod away, with its state, and runs in one place only."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.kubernetes.arrivals import assert_lives_only_at, kubectl, moved_to, node_of, settled
from tests.kubernetes.launches import call, controller, launch, record, run_cell, start_kernel, until
from tests.rigs.kubernetes.member import NAMESPACE
from tests.rigs.kubernetes.process import write
from tests.rigs.kubernetes.rig import RIG, recover_node

pytestmark = pytest.mark.kubernetes


async def test_deletion_with_five_seconds(members, session):
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=5", "--wait=false")
    now = await moved_to(session, members["b"])
    assert now["epoch"] == 2
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_what_was_done_since_the_snapshot_comes_along(members, session):
    await run_cell(session, "last_word = 'kept'")
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=5", "--wait=false")
    now = await moved_to(session, members["b"])
    assert await run_cell(session, "print(last_word)", member=members["b"]) == "kept\n"
    assert "lost" not in {event["event"] for event in now["timeline"]}, "it saved itself, whoever told it first"


async def test_an_eviction_that_nothing_holds_back(members, session):
    """As with `users.holdS: 0`: the grace is all the time there is."""
    pod = f"jupyter-{session.user}"
    await kubectl(members["a"], "label", "pod", pod, "session-migrator/hold-")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": NAMESPACE}}
    file = write(members["a"].cluster.folder / "eviction.json", json.dumps(eviction))
    await kubectl(members["a"], "create", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction", "-f", file)
    now = await moved_to(session, members["b"])
    assert [event["detail"]["cause"] for event in now["timeline"] if event["event"] == "notice"] == ["evicted"]
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_no_execute_taint(members, session, a2):
    await kubectl(members["a"], "taint", "node", a2, "test/gone=now:NoExecute")
    now = await moved_to(session, members["b"])
    assert now["epoch"] == 2
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_a_node_that_shuts_down_in_order(members, session, switched_off):
    """Nothing is said of the pod: the node's own state is all the notice there is."""
    await run_cell(session, "last_word = 'kept'")
    RIG.shut_down_node(switched_off)
    await moved_to(session, members["b"])
    await asyncio.to_thread(RIG.kill_node, switched_off)
    assert await run_cell(session, "print(last_word)", member=members["b"]) == "kept\n"


async def test_a_drain_loses_nobody(members, a2):
    """Ten sessions at once; the drain waits until each is safe, on the other cluster or on the other node."""
    sessions = await asyncio.gather(*(launch(members["a"]) for _ in range(10)))
    for number, session in enumerate(sessions):
        await start_kernel(session)
        await run_cell(session, f"mine = {number}")
    where = ("--pod-selector=component=singleuser-server", "--force", "--delete-emptydir-data", "--timeout=600s")
    nodes = {session.id: await node_of(session, members) for session in sessions}
    await kubectl(members["a"], "drain", a2, *where)
    for number, session in enumerate(sessions):
        member = members[(await settled(session, members["b"]))["owner"]["member"]]
        assert await node_of(session, members) != a2.name
        assert await run_cell(session, "print(mine)", member=member) == f"{number}\n"
        assert await run_cell(session, "print(mine)") == f"{number}\n", (
            "a page that was open goes on at its own address"
        )
    assert a2.name in nodes.values(), "nobody was on the drained node"


async def test_a_killed_node_that_returns(members, session, a2):
    """Nothing warned: the session goes on from its last snapshot, and the copy that wakes up stops itself."""
    await asyncio.to_thread(RIG.kill_node, a2)
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"
    await asyncio.to_thread(recover_node, a2)
    assert (await record(session, members["b"]))["epoch"] == 2
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"


async def test_the_pod_tells_the_story(members, session):
    """Events come in the order in which the API server gets round to them; each says itself when it was."""
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    await moved_to(session, members["b"])
    chosen = f"--field-selector=involvedObject.name=jupyter-{session.user}"

    async def told() -> bool:
        reasons = await kubectl(members["a"], "get", "events", chosen, "-o", "jsonpath={.items[*].reason}")
        return {"SessionNotice", "SessionFrozen", "SessionDurable"} <= set(reasons.split())

    await until("kubectl describe pod tells it", told)


async def stopped_by_user(session, member):
    """As with a click in the hub's home."""
    await call(f"{member.url}/hub/api/users/{session.user}/server", method="DELETE", token=member.binder_token)


async def stopped_by_culler(session, member):
    """By JupyterHub's own idle culler, where it runs for some seconds."""
    culler = "python -m jupyterhub_idle_culler --url=http://127.0.0.1:8081/hub/api --timeout=3 --cull-every=2"
    limited = f"JUPYTERHUB_API_TOKEN={member.binder_token} timeout 15 {culler} || true"
    await kubectl(member, "exec", "deployment/hub", "--", "sh", "-c", limited)


@pytest.mark.parametrize("stop", [stopped_by_user, stopped_by_culler])
async def test_a_stop_by_the_hub_suspends(members, session, stop):
    """It is saved, then gone, and back when the user asks, wherever there is room."""
    await run_cell(session, "last_word = 'kept'")
    await stop(session, members["a"])

    async def suspended():
        return (await record(session, members["b"]))["phase"] == "suspended"

    await until("the session is suspended", suspended)
    resume = f"/v1/sessions/{session.id}/resume"  # 409 while the suspension is still tidying up
    await until("it resumes", lambda: controller(members["b"], resume, method="POST", body={"member": "b"}))
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(numbers), last_word)", member=members["b"]) == "1000 kept\n"

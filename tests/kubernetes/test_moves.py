"""A session moves to the other cluster whatever takes its pod away, with its state, and runs in one place only."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.kubernetes.launches import (
    Launched,
    call,
    controller,
    launch,
    record,
    run_cell,
    saved,
    start_kernel,
    status,
    until,
)
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.node import kill_node, start_node
from tests.rigs.kubernetes.plan import NODES
from tests.rigs.kubernetes.process import RigError, wait_for
from tests.rigs.kubernetes.rig import node_ready

pytestmark = pytest.mark.kubernetes


@pytest.fixture
async def session(members) -> Launched:
    """A session on node a2 with a kernel (another Python than the server's) and something to lose."""
    session = await launch(members["a"])
    await start_kernel(session)
    assert await run_cell(session, "numbers = list(range(1000)); print(len(numbers))") == "1000\n"
    await saved(session)
    return session


@pytest.fixture
def a2(members):
    """The node that sessions of `a` run on; well again afterwards."""
    yield "a2"
    start_node(NODES["a2"])
    members["a"].kubectl("uncordon", "a2")
    with contextlib.suppress(RigError):
        members["a"].kubectl("taint", "node", "a2", "test/gone-")
    wait_for("ready node a2", lambda: node_ready(NODES["a2"]), 300)


async def kubectl(member: Member, *words: object) -> str:
    return await asyncio.to_thread(member.kubectl, *words)


async def moved_to(session: Launched, member: Member) -> dict:
    """The session's record once it lives there and pages are led there."""

    async def there():
        now = await record(session, member)
        owner = now["owner"] or {}
        routed = any(event["event"] == "routed" for event in now["timeline"])
        return now if owner.get("member") == member.cluster.name and now["phase"] == "active" and routed else None

    return await until(f"session {session.id} on {member.cluster.name}", there)


async def assert_lives_only_at(session: Launched, member: Member, others: list[Member]) -> None:
    """It has its state, counts on, is reached at its old URL too, and no other hub runs it."""
    assert await run_cell(session, "numbers.append('more'); print(len(numbers))", member=member) == "1001\n"
    for other in others:
        assert await run_cell(session, "print(numbers[-1])", member=other) == "more\n"
        pods = await kubectl(other, "get", "pods", "-l", f"session-migrator/session={session.id}", "-o", "name")
        assert pods.strip() == "", "a second copy of the session runs"
    assert (await status(session, member))["state"] == "running"


async def test_deletion_with_five_seconds(members, session):
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=5", "--wait=false")
    now = await moved_to(session, members["b"])
    assert now["epoch"] == 2
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_what_was_done_since_the_snapshot_comes_along(members, session):
    await run_cell(session, "last_word = 'kept'")
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=5", "--wait=false")
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(last_word)", member=members["b"]) == "kept\n"


async def test_a_forced_deletion(members, session):
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=0", "--force")
    await moved_to(session, members["b"])
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_no_execute_taint(members, session, a2):
    await kubectl(members["a"], "taint", "node", a2, "test/gone=now:NoExecute")
    now = await moved_to(session, members["b"])
    assert now["epoch"] == 2
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_a_drain_loses_nobody(members, a2):
    """Ten sessions at once; the drain waits until each is safe, on the other cluster or on the other node."""
    sessions = [await launch(members["a"]) for _ in range(10)]
    for number, session in enumerate(sessions):
        await start_kernel(session)
        await run_cell(session, f"mine = {number}")
    where = ("--pod-selector=component=singleuser-server", "--force", "--delete-emptydir-data", "--timeout=400s")
    nodes = {session.id: await node_of(session, members) for session in sessions}
    await kubectl(members["a"], "drain", a2, *where)
    for number, session in enumerate(sessions):
        member = members[(await settled(session, members["b"]))["owner"]["member"]]
        assert await node_of(session, members) != a2
        assert await run_cell(session, "print(mine)", member=member) == f"{number}\n"
    assert a2 in nodes.values(), "nobody was on the drained node"


async def settled(session: Launched, member: Member) -> dict:
    """The session's record once it has moved, wherever to, and no move of it is under way."""

    async def at_rest():
        now = await record(session, member)
        plan = (now.get("controller") or {}).get("plan")
        return now if now["phase"] == "active" and now["epoch"] > 1 and plan is None else None

    return await until(f"session {session.id} at rest", at_rest)


async def node_of(session: Launched, members: dict[str, Member]) -> str:
    """The one node where a pod of the session runs."""
    words = ("get", "pods", "-l", f"session-migrator/session={session.id}", "-o", "jsonpath={.items[*].spec.nodeName}")
    found = " ".join([await kubectl(member, *words) for member in members.values()]).split()
    assert len(found) == 1, f"the session runs on {found}"
    return found[0]


async def test_a_killed_node_that_returns(members, session, a2):
    """Nothing warned: the session goes on from its last snapshot, and the copy that wakes up stops itself."""
    await asyncio.to_thread(kill_node, NODES[a2])
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"
    await asyncio.to_thread(start_node, NODES[a2])
    await asyncio.to_thread(wait_for, "ready node a2", lambda: node_ready(NODES[a2]), 300)
    assert (await record(session, members["b"]))["epoch"] == 2
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"


async def test_the_pod_tells_the_story(members, session):
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    await moved_to(session, members["b"])
    told = await kubectl(
        members["a"], "get", "events", "-o", 'jsonpath={range .items[*]}{.involvedObject.name} {.reason}{"\\n"}{end}'
    )
    reasons = [line.split()[1] for line in told.splitlines() if line.startswith(f"jupyter-{session.user} Session")]
    assert reasons[0] == "SessionNotice"
    assert "SessionDurable" in reasons


async def test_a_stop_by_the_hub_suspends(members, session):
    """The culler's way: saved, then gone, and back when the user asks, wherever there is room."""
    users = f"{members['a'].url}/hub/api/users/{session.user}/server"
    await call(users, method="DELETE", token=members["a"].binder_token)

    async def suspended():
        return (await record(session, members["b"]))["phase"] == "suspended"

    await until("the session is suspended", suspended)
    resume = f"/v1/sessions/{session.id}/resume"  # 409 while the suspension is still tidying up
    await until("it resumes", lambda: controller(members["b"], resume, method="POST", body={"member": "b"}))
    await moved_to(session, members["b"])
    assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"

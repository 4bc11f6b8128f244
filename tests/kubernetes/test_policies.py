"""With the network policies enforced: a user's pod reaches its gateway, and nothing else that is ours; and sessions move all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.kubernetes.arrivals import assert_lives_only_at, kubectl, moved_to
from tests.kubernetes.launches import launch, run_cell, saved
from tests.rigs.kubernetes import store
from tests.rigs.kubernetes.plan import HOST
from tests.rigs.kubernetes.rig import RIG

pytestmark = pytest.mark.kubernetes

KNOCK = """
import json, socket
def knock(host, port):
    with socket.socket() as line:
        line.settimeout(4)
        try:
            line.connect((host, port))
        except OSError:
            return False
        return True
"""


@pytest.fixture(scope="module", autouse=True)
def enforced(members) -> Iterator[None]:
    """Zero-to-jupyterhub's policies and the chart's, on every node."""
    try:
        RIG.enforce_policies()
        if not RIG.policies_hold():
            pytest.skip(
                f"{RIG.NAME}: the clusters' network plugin enforces no NetworkPolicies on this machine's kernel"
            )
        yield
    finally:
        RIG.let_all_through()


async def test_a_users_pod_reaches_its_gateway_and_nothing_else_of_ours(members, session):
    member = members["a"]
    another = await launch(member)
    where = "jsonpath={.status.podIP}"
    neighbour = await kubectl(member, "get", "pod", f"jupyter-{another.user}", "-o", where)
    address = member.cluster.service_ip
    doors = {
        "gateway": (address(20), 80, True),
        "hub, where it needs a token": (address(10), 8081, True),
        "the proxy's API": (address(11), 8001, False),
        "controller": (address(21), 80, False),
        "Kubernetes": (member.cluster.api_ip, 443, False),
        "bucket": (HOST, store.PORT, False),
        "a neighbour's server": (neighbour, 8888, False),
        "the machine's metadata": ("169.254.169.254", 80, False),
    }
    await run_cell(session, KNOCK)
    calls = ", ".join(f"{name!r}: knock({host!r}, {port})" for name, (host, port, _) in doors.items())
    found = json.loads(await run_cell(session, f"print(json.dumps({{{calls}}}))"))
    assert found == {name: may for name, (_, _, may) in doors.items()}


async def test_a_session_is_saved_and_moves_under_them(members, session):
    await run_cell(session, "last_word = 'kept'")
    await saved(session)
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    now = await moved_to(session, members["b"])
    assert "failed" not in {event["event"] for event in now["timeline"]}, "nothing had to be tried twice"
    assert await run_cell(session, "print(last_word)", member=members["a"]) == "kept\n"
    await assert_lives_only_at(session, members["b"], [members["a"]])

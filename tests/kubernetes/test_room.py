"""A member knows how much room its nodes have, and sessions rather go where there is some."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from migrator.controller.needs import needs_of, quantity
from tests.kubernetes.arrivals import kubectl, settled
from tests.kubernetes.launches import Launched, controller, record, run_cell, until
from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.plan import NODES
from tests.rigs.kubernetes.process import write

pytestmark = pytest.mark.kubernetes


@pytest.fixture
async def size(session) -> dict[str, Any]:
    """What the session's pod requests, as its record knows it."""

    async def known() -> dict[str, Any] | None:
        return dict((await record(session))["controller"].get("needs") or {})

    return dict(await until("the record knows what the pod requests", known))


async def fits(member: Member, size: dict[str, Any]) -> int | None:
    """For how many such sessions the member says that it has room."""
    room = await controller(member, f"/v1/room?cpu={size['cpu']}&memory={size['memory']}")
    return None if room["fits"] is None else int(room["fits"])


@pytest.fixture
def full(members) -> Iterator[Member]:
    """Cluster `b` with a pod that requests nearly all that is left of its memory."""
    member = members["b"]
    allocatable = member.kubectl("get", "node", NODES["b1"], "-o", "jsonpath={.status.allocatable.memory}")
    there = member.kubectl("get", "pods", "-A", f"--field-selector=spec.nodeName={NODES['b1']}", "-o", "json")
    taken = sum(needs_of(pod).memory for pod in json.loads(there)["items"])
    rest = int(quantity(allocatable) - taken) - (32 << 20)
    ballast = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "ballast"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "ballast",
                    "image": image_name("user"),
                    "imagePullPolicy": "Never",
                    "command": ["sleep", "infinity"],
                    "resources": {"requests": {"memory": str(rest)}},
                }
            ],
        },
    }
    member.kubectl("apply", "-f", write(member.cluster.folder / "ballast.json", json.dumps(ballast)))
    member.kubectl("wait", "pod/ballast", "--for=condition=PodScheduled", "--timeout=120s")
    yield member
    member.kubectl("delete", "pod", "ballast", "--force", "--grace-period=0")


async def test_a_session_does_not_go_where_there_is_no_room(members, session: Launched, size, full):
    """The other cluster is well and has the image, and yet the session comes back in its own."""
    assert size["memory"] == 450 << 20

    async def noticed() -> bool:
        return await fits(full, size) == 0

    await until("the full member says so", noticed)
    assert (await fits(members["a"], size) or 0) > 0
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    assert (await settled(session, full))["owner"]["member"] == "a"
    assert await run_cell(session, "print(len(numbers))") == "1000\n"

"""What a cloud says on the machine itself reaches the sessions there, by the chart's own DaemonSet.

The endpoint is played, at the address where it is on a cloud's machine, since there is no cloud here; all else is real.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from tests.kubernetes.arrivals import assert_lives_only_at, moved_to
from tests.rigs.kubernetes.metadata import say, start_metadata, stop_metadata
from tests.rigs.kubernetes.plan import NodePlan

pytestmark = pytest.mark.kubernetes


@pytest.fixture(params=["aws", "azure"])
def provider(members, request) -> Iterator[str]:
    """Cluster `a` is this cloud's, and the chart's watcher runs on its machines."""
    members["a"].install(metadata={"provider": request.param})
    yield request.param
    members["a"].install()


@pytest.fixture
def machine(clusters, a2) -> Iterator[NodePlan]:
    """The node on which users are."""
    for node in clusters["a"].nodes:
        start_metadata(node)
    yield a2
    for node in clusters["a"].nodes:
        stop_metadata(node)


def last_words(provider: str, machine: NodePlan, at: int) -> dict[str, str]:
    """What the endpoint says of a machine that is taken away at that time (Unix seconds)."""
    when = datetime.fromtimestamp(at, UTC)
    if provider == "aws":
        action = {"action": "terminate", "time": when.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"/latest/meta-data/spot/instance-action": json.dumps(action)}
    event = {
        "EventId": "602d9444-d2cd-49c7-8624-8643e7171297",
        "EventType": "Preempt",
        "ResourceType": "VirtualMachine",
        "Resources": [machine.name],
        "EventStatus": "Scheduled",
        "NotBefore": format_datetime(when, usegmt=True),
    }
    events = {"DocumentIncarnation": 1, "Events": [event]}
    return {
        "/metadata/instance/compute/name": machine.name,
        "/metadata/scheduledevents": json.dumps(events),
    }


async def test_a_machine_that_its_cloud_takes_back(members, session, machine, provider):
    at = int(time.time()) + 120
    say(machine, last_words(provider, machine, at))
    now = await moved_to(session, members["b"])
    told = next(event["detail"] for event in now["timeline"] if event["event"] == "notice")
    assert told == {"cause": "reclaimed", "deadline": at, "way": "live"}
    await assert_lives_only_at(session, members["b"], [members["a"]])

"""What the other tests count on, whoever makes the clusters: pods reach each other across them, and are known by their own addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.kubernetes.pods import start_pod
from tests.rigs.kubernetes.choice import VARIABLE, on_kind
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.plan import CLUSTERS, NODES, ClusterPlan, NodePlan

pytestmark = pytest.mark.kubernetes
LISTEN = "import socket; print(socket.create_server(('', 8000)).accept()[1][0])"
KNOCK = """
import socket, sys, time
while True:
    try:
        socket.create_connection((sys.argv[1], 8000), 5).close()
        break
    except OSError:
        time.sleep(0.2)
"""


async def kubectl_of(cluster: ClusterPlan, *words: object) -> str:
    return await asyncio.to_thread(kubectl, cluster, "-n", "default", *words)


@pytest.fixture
def pods(clusters) -> Iterator[dict[str, str]]:
    """A pod on each node, by the node's role; its address."""
    names = {
        role: start_pod(clusters[node.cluster], "default", f"rig-{role}", node=node) for role, node in NODES.items()
    }
    address = "jsonpath={.status.podIP}"
    yield {
        role: kubectl(clusters[NODES[role].cluster], "get", "pod", name, "-o", address) for role, name in names.items()
    }
    for role, name in names.items():
        kubectl(clusters[NODES[role].cluster], "delete", "pod", name, "--force", "--grace-period=0")


async def python(node: NodePlan, role: str, *words: str) -> str:
    """Run Python in the pod on a node."""
    return await kubectl_of(CLUSTERS[node.cluster], "exec", f"jupyter-rig-{role}", "--", "python3", "-c", *words)


@pytest.mark.parametrize(("caller", "called"), [("a2", "a1"), ("a2", "b1"), ("b1", "a2")])
async def test_a_pod_reaches_another_under_its_own_address(pods, caller, called):
    hearing = asyncio.create_task(python(NODES[called], called, LISTEN))
    await asyncio.wait_for(python(NODES[caller], caller, KNOCK, pods[called]), 120)
    assert (await hearing).strip() == pods[caller]


def test_the_tests_say_which_clusters_they_run_on(clusters, monkeypatch):
    assert all(("session-migrator" in node.name) == on_kind() for node in NODES.values())
    monkeypatch.setenv(VARIABLE, "minikube")
    with pytest.raises(ValueError, match="kind or namespaces"):
        on_kind.__wrapped__()

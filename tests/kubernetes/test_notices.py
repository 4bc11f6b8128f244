"""What the cluster does to pods and nodes arrives as notices, each once, with its cause and its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from migrator.notice.event import Cause, Notice
from migrator.notice.kubernetes import KubernetesNotices
from migrator.notice.kubernetes_api import KubernetesError
from tests.kubernetes.pods import start_pod
from tests.rigs.kubernetes.cluster import kubectl, start_api_server, stop_api_server
from tests.rigs.kubernetes.node import kill_node, start_node
from tests.rigs.kubernetes.plan import NODES
from tests.rigs.kubernetes.process import RigError, wait_for
from tests.rigs.kubernetes.rig import node_ready

pytestmark = pytest.mark.kubernetes


class Heard:
    """The notices so far."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._more = asyncio.Event()

    async def hear(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._more.set()

    async def first(self, *causes: Cause, limit_s: float = 120) -> Notice:
        """The first notice of one of these causes."""
        async with asyncio.timeout(limit_s):
            while True:
                for notice in self.notices:
                    if notice.cause in causes:
                        return notice
                self._more.clear()
                await self._more.wait()


@pytest.fixture
async def heard(api, namespace):
    """Everything that is said about the pods of the test's namespace."""
    heard = Heard()
    source = KubernetesNotices(api, namespace, heard.hear, hold_s=3.0)
    task = asyncio.create_task(source.run())
    await asyncio.wait_for(source.pods.synced.wait(), 60)
    await asyncio.wait_for(source.nodes.synced.wait(), 60)
    yield heard
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def node(clusters):
    """The node that may be hurt; well again afterwards."""
    yield "a2"
    start_node(NODES["a2"])
    kubectl(clusters["a"], "uncordon", "a2")
    with contextlib.suppress(RigError):
        kubectl(clusters["a"], "taint", "node", "a2", "test/gone-")
    wait_for("ready node a2", lambda: node_ready(NODES["a2"]), 300)


async def in_thread(cluster, *words):
    return await asyncio.to_thread(kubectl, cluster, *words)


async def test_deletion(clusters, namespace, heard):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-del")
    asked = time.time()
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, "--grace-period=5", "--wait=false")
    notice = await heard.first(Cause.STOPPED)
    assert notice.session == "session-del"
    assert asked + 3 < notice.deadline < time.time() + 6
    assert notice.address


async def test_a_forced_deletion_leaves_no_time(clusters, namespace, heard):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-force")
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, "--grace-period=0", "--force")
    notice = await heard.first(Cause.LOST, Cause.STOPPED)
    assert notice.session == "session-force"
    assert notice.deadline <= time.time()


async def test_drain_is_told_before_the_eviction(clusters, namespace, heard, node):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-drain", node=node)
    selector = "--pod-selector=session-migrator/session=session-drain"
    await in_thread(clusters["a"], "drain", node, selector, "--force", "--ignore-daemonsets", "--timeout=120s")
    evicted = await heard.first(Cause.EVICTED)
    assert [notice.cause for notice in heard.notices][:2] == [Cause.DRAINED, Cause.EVICTED]
    assert evicted.session == "session-drain"


async def test_a_drain_waits_for_the_hold_and_not_longer(clusters, namespace, heard, node):
    labels = {"session-migrator/hold": "true"}
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-held", node=node, labels=labels)
    hold = ("--selector=session-migrator/hold=true", "--min-available=1000000")
    await in_thread(clusters["a"], "create", "poddisruptionbudget", "hold", "-n", namespace, *hold)
    selector = "--pod-selector=session-migrator/session=session-held"
    await in_thread(clusters["a"], "drain", node, selector, "--force", "--ignore-daemonsets", "--timeout=120s")
    drained = await heard.first(Cause.DRAINED)
    assert drained.deadline is not None
    assert time.time() > drained.deadline, "the eviction came before the hold's end"


async def test_no_execute_taint(clusters, namespace, heard, node):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-taint", node=node)
    await in_thread(clusters["a"], "taint", "node", node, "test/gone=now:NoExecute")
    notice = await heard.first(Cause.TAINTED)
    assert notice.session == "session-taint"


async def test_a_killed_node_is_a_loss(clusters, namespace, heard, node):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-node", node=node)
    await asyncio.to_thread(kill_node, NODES[node])
    notice = await heard.first(Cause.LOST, limit_s=180)
    assert (notice.session, notice.machine) == ("session-node", node)


async def test_nothing_is_missed_while_the_api_is_away(clusters, api, namespace, heard):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-away")
    await asyncio.to_thread(stop_api_server, clusters["a"])
    with pytest.raises(KubernetesError):
        await api.call("GET", "/readyz")
    await asyncio.to_thread(start_api_server, clusters["a"])
    await asyncio.to_thread(wait_for, "API server", lambda: answers(clusters["a"]))
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, "--grace-period=5", "--wait=false")
    assert (await heard.first(Cause.STOPPED)).session == "session-away"


def answers(cluster) -> bool:
    try:
        return kubectl(cluster, "get", "--raw", "/readyz") == "ok"
    except RigError:
        return False

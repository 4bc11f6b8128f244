"""What the cluster does to pods and nodes arrives as notices, each once, with its cause and its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from migrator.notice.event import Cause, Notice
from migrator.notice.kubernetes import KubernetesNotices
from migrator.notice.kubernetes_api import KubernetesError
from migrator.notice.kubernetes_ends import Ends
from tests.kubernetes.outages import no_api_server
from tests.kubernetes.pods import start_pod
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.plan import SHUTDOWN_S
from tests.rigs.kubernetes.rig import RIG

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


async def test_a_forced_deletion_leaves_a_moment(clusters, namespace, heard):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-force")
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, "--grace-period=0", "--force")
    notice = await heard.first(Cause.FORCED)
    assert notice.session == "session-force"
    assert notice.deadline < time.time() + 3


@pytest.fixture
async def ends(api, namespace):
    """What is known of the ends of the test's pods."""
    ends = Ends(api, namespace)
    task = asyncio.create_task(ends.run())
    yield ends
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("grace", "known"), [(("--grace-period=5",), True), (("--grace-period=0", "--force"), False)])
async def test_only_the_kubelet_proves_an_end(clusters, namespace, ends, grace, known):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-end")
    address = await in_thread(clusters["a"], "get", "pod", "-n", namespace, name, "-o", "jsonpath={.status.podIP}")
    assert not await ends.proved("session-end", f"http://{address}:8888", 0.5)
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, *grace)
    assert await ends.proved("session-end", f"http://{address}:8888", 60) is known


async def test_an_orderly_shutdown_shows_on_the_node_alone(clusters, namespace, heard, switched_off):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-shut", node=switched_off, grace=60)
    RIG.shut_down_node(switched_off)
    notice = await heard.first(Cause.SHUTDOWN)
    assert (notice.session, notice.machine) == ("session-shut", switched_off.name)
    assert notice.deadline < time.time() + SHUTDOWN_S
    await asyncio.to_thread(RIG.kill_node, switched_off)


async def test_drain_is_told_before_the_eviction(clusters, namespace, heard, a2):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-drain", node=a2)
    selector = "--pod-selector=session-migrator/session=session-drain"
    await in_thread(clusters["a"], "drain", a2, selector, "--force", "--ignore-daemonsets", "--timeout=120s")
    evicted = await heard.first(Cause.EVICTED)
    assert [notice.cause for notice in heard.notices][:2] == [Cause.DRAINED, Cause.EVICTED]
    assert evicted.session == "session-drain"


async def test_a_drain_waits_for_the_hold_and_not_longer(clusters, namespace, heard, a2):
    labels = {"session-migrator/hold": "true"}
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-held", node=a2, labels=labels)
    hold = ("--selector=session-migrator/hold=true", "--min-available=1000000")
    await in_thread(clusters["a"], "create", "poddisruptionbudget", "hold", "-n", namespace, *hold)
    selector = "--pod-selector=session-migrator/session=session-held"
    await in_thread(clusters["a"], "drain", a2, selector, "--force", "--ignore-daemonsets", "--timeout=120s")
    drained = await heard.first(Cause.DRAINED)
    assert drained.deadline is not None
    assert time.time() > drained.deadline, "the eviction came before the hold's end"


async def test_no_execute_taint(clusters, namespace, heard, a2):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-taint", node=a2)
    await in_thread(clusters["a"], "taint", "node", a2, "test/gone=now:NoExecute")
    notice = await heard.first(Cause.TAINTED)
    assert notice.session == "session-taint"


async def test_a_killed_node_is_a_loss(clusters, namespace, heard, a2):
    await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-node", node=a2)
    await asyncio.to_thread(RIG.kill_node, a2)
    notice = await heard.first(Cause.LOST, limit_s=180)
    assert (notice.session, notice.machine) == ("session-node", a2.name)


async def test_nothing_is_missed_while_the_api_is_away(clusters, api, namespace, heard):
    name = await asyncio.to_thread(start_pod, clusters["a"], namespace, "session-away")
    async with no_api_server(clusters["a"]):
        with pytest.raises(KubernetesError):
            await api.call("GET", "/readyz")
    await in_thread(clusters["a"], "delete", "pod", "-n", namespace, name, "--grace-period=5", "--wait=false")
    assert (await heard.first(Cause.STOPPED)).session == "session-away"

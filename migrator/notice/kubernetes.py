"""Warnings from Kubernetes: watches the sessions' pods and the nodes under them, and tells of each new threat once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from migrator.notice.event import Cause, Notice
from migrator.notice.kubernetes_api import KubernetesApi
from migrator.notice.kubernetes_hold import Holds
from migrator.notice.kubernetes_mirror import Mirror
from migrator.notice.kubernetes_nodes import node_notice
from migrator.notice.kubernetes_pods import (
    HOLD_LABEL,
    SESSION_LABEL,
    KubernetesObject,
    for_pod,
    pod_notice,
    vanished_notice,
)

Emit = Callable[[Notice], Awaitable[None]]
EMPTYING = {Cause.DRAINED, Cause.SCALED_DOWN}
"""Causes that are followed by evictions, which can be held back."""


class KubernetesNotices:
    """The source; `emit` gets each warning for each session, again only when it presses more than before.

    A pod that is to be evicted from its node is held for `hold_s` seconds at most, which is then the deadline told.
    """

    def __init__(
        self,
        api: KubernetesApi,
        namespace: str,
        emit: Emit,
        *,
        hold_s: float = 120.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._emit = emit
        self._clock = clock
        self._hold_s = hold_s
        self._holds = Holds(api, hold_s)
        self._told: dict[str, Notice] = {}
        path = f"/api/v1/namespaces/{namespace}/pods"
        self.pods = Mirror(api, path, self._pod_changed, self._pod_deleted, labelSelector=SESSION_LABEL)
        self.nodes = Mirror(api, "/api/v1/nodes", self._node_changed, self._node_deleted)

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.pods.run(), name="watch of the pods")
                group.create_task(self.nodes.run(), name="watch of the nodes")
        finally:
            await self._holds.stop()

    def pod(self, session: str, address: str | None) -> KubernetesObject | None:
        """The pod that a session's server runs in, by its IP address where that is known."""
        for pod in self.pods.objects.values():
            if pod["metadata"]["labels"][SESSION_LABEL] == session and address in {None, pod["status"].get("podIP")}:
                return pod
        return None

    async def _pod_changed(self, pod: KubernetesObject) -> None:
        now = self._clock()
        node = self._node_of(pod)
        notices = [pod_notice(pod, now), node_notice(node, pod, now) if node else None]
        await self._tell(pod, *notices)

    async def _pod_deleted(self, pod: KubernetesObject) -> None:
        self._holds.forget(pod)
        told = self._told.pop(pod["metadata"]["uid"], None)
        notice = vanished_notice(pod, self._clock())
        if notice.presses_more_than(told):
            await self._emit(notice)

    async def _node_changed(self, node: KubernetesObject) -> None:
        for pod in self._pods_on(node):
            await self._tell(pod, node_notice(node, pod, self._clock()))

    async def _node_deleted(self, node: KubernetesObject) -> None:
        now = self._clock()
        for pod in self._pods_on(node):
            await self._tell(pod, for_pod(pod, Cause.LOST, now, "the node was removed"))

    async def _tell(self, pod: KubernetesObject, *notices: Notice | None) -> None:
        uid = pod["metadata"]["uid"]
        for notice in (self._held(pod, notice) for notice in notices):
            if notice is not None and notice.presses_more_than(self._told.get(uid)):
                self._told[uid] = notice
                await self._emit(notice)

    def _held(self, pod: KubernetesObject, notice: Notice | None) -> Notice | None:
        """Begin the hold of a pod whose node is being emptied; its end is the deadline."""
        if notice is None or notice.cause not in EMPTYING or HOLD_LABEL not in pod["metadata"]["labels"]:
            return notice
        self._holds.begin(pod)
        return replace(notice, deadline=self._clock() + self._hold_s)

    def _node_of(self, pod: KubernetesObject) -> KubernetesObject | None:
        name = pod["spec"].get("nodeName")
        return next((node for node in self.nodes.objects.values() if node["metadata"]["name"] == name), None)

    def _pods_on(self, node: KubernetesObject) -> list[KubernetesObject]:
        name = node["metadata"]["name"]
        return [pod for pod in self.pods.objects.values() if pod["spec"].get("nodeName") == name]

"""Warnings from Kubernetes: watches the sessions' pods and the nodes under them, and tells of each new threat once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from migrator.notice.event import Notice
from migrator.notice.kubernetes_api import KubernetesApi
from migrator.notice.kubernetes_mirror import Mirror
from migrator.notice.kubernetes_nodes import node_notice
from migrator.notice.kubernetes_pods import SESSION_LABEL, KubernetesObject, pod_notice, vanished_notice

Emit = Callable[[Notice], Awaitable[None]]


class KubernetesNotices:
    """The source; `emit` gets each warning for each session, again only when it presses more than before."""

    def __init__(
        self, api: KubernetesApi, namespace: str, emit: Emit, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._emit = emit
        self._clock = clock
        self._told: dict[str, Notice] = {}
        path = f"/api/v1/namespaces/{namespace}/pods"
        self.pods = Mirror(api, path, self._pod_changed, self._pod_deleted, labelSelector=SESSION_LABEL)
        self.nodes = Mirror(api, "/api/v1/nodes", self._node_changed, self._node_deleted)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.pods.run(), name="watch of the pods")
            group.create_task(self.nodes.run(), name="watch of the nodes")

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
        told = self._told.pop(pod["metadata"]["uid"], None)
        notice = vanished_notice(pod, self._clock())
        if notice.presses_more_than(told):
            await self._emit(notice)

    async def _node_changed(self, node: KubernetesObject) -> None:
        for pod in self._pods_on(node):
            await self._tell(pod, node_notice(node, pod, self._clock()))

    async def _node_deleted(self, node: KubernetesObject) -> None:
        for pod in self._pods_on(node):
            await self._tell(pod, vanished_notice(pod, self._clock()))

    async def _tell(self, pod: KubernetesObject, *notices: Notice | None) -> None:
        uid = pod["metadata"]["uid"]
        for notice in notices:
            if notice is not None and notice.presses_more_than(self._told.get(uid)):
                self._told[uid] = notice
                await self._emit(notice)

    def _node_of(self, pod: KubernetesObject) -> KubernetesObject | None:
        name = pod["spec"].get("nodeName")
        return next((node for node in self.nodes.objects.values() if node["metadata"]["name"] == name), None)

    def _pods_on(self, node: KubernetesObject) -> list[KubernetesObject]:
        name = node["metadata"]["name"]
        return [pod for pod in self.pods.objects.values() if pod["spec"].get("nodeName") == name]

"""How many sessions of a size the nodes of this member have room for now, so that moves rather go where nothing has to be waited for.

Reckoned as the scheduler does: what a node can give, less the requests of the pods on it, on each node that users' pods may go to. An
estimate, for a choice between members: the scheduler has the last word, and an autoscaler may bring what is missing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from migrator.controller.needs import Needs, given, needs_of
from migrator.controller.settings import Controller
from migrator.notice.kubernetes_api import KubernetesApi
from migrator.notice.kubernetes_mirror import Mirror
from migrator.notice.kubernetes_nodes import tolerates
from migrator.notice.kubernetes_pods import KubernetesObject

LIVING = "status.phase!=Succeeded,status.phase!=Failed"
LEAST = Needs(0.001, 1.0)
"""Of a session that nobody knows the requests of: then the number of pods on a node decides, and whether anything is left."""


class Headroom:
    """Of one member; knows nothing until `run` has heard of all nodes and pods."""

    def __init__(self, api: KubernetesApi, settings: Controller) -> None:
        self._settings = settings
        where = "" if settings.nodes_are_shared else f"/namespaces/{settings.namespace}"
        self._nodes = Mirror(api, "/api/v1/nodes", keep=_node)
        self._pods = Mirror(api, f"/api/v1{where}/pods", keep=_pod, fieldSelector=LIVING)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._nodes.run(), name="room of the nodes")
            group.create_task(self._pods.run(), name="requests of the pods")

    def fits(self, needs: Needs) -> int | None:
        """So many sessions of this size could be scheduled now; None while that is not known."""
        if not (self._nodes.synced.is_set() and self._pods.synced.is_set()):
            return None
        taken: dict[str, list[Needs]] = defaultdict(list)
        for pod in self._pods.objects.values():
            taken[pod["node"]].append(pod["needs"])
        places = sum(
            _places(node, taken[node["name"]], needs.most(LEAST))
            for node in self._nodes.objects.values()
            if self._is_for_users(node)
        )
        return max(0, places - len(taken[""]))

    def _is_for_users(self, node: dict[str, Any]) -> bool:
        wanted = self._settings.user_node_selector
        return (
            node["ready"]
            and all(node["labels"].get(key) == value for key, value in wanted.items())
            and all(tolerates(self._settings.user_tolerations, taint) for taint in node["taints"])
        )


def _places(node: dict[str, Any], taken: Iterable[Needs], needs: Needs) -> int:
    """How many pods of this size fit beside those that are there."""
    taken = list(taken)
    free_cpu = node["can"].cpu - sum(each.cpu for each in taken)
    free_memory = node["can"].memory - sum(each.memory for each in taken)
    return max(0, int(min(node["pods"] - len(taken), free_cpu // needs.cpu, free_memory // needs.memory)))


def _node(node: KubernetesObject) -> dict[str, Any]:
    """What counts of a node; its list of images alone would fill pages."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    can = status.get("allocatable") or {}
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])
    return {
        "name": node["metadata"]["name"],
        "labels": node["metadata"].get("labels") or {},
        "taints": [taint for taint in spec.get("taints") or [] if taint["effect"] != "PreferNoSchedule"],
        "ready": ready and not spec.get("unschedulable"),
        "can": given(can),
        "pods": int(can.get("pods", 0)),
    }


def _pod(pod: KubernetesObject) -> dict[str, Any] | None:
    """What counts of a pod. One of negative priority holds a place for users (z2jh's placeholders), and gives way to them."""
    if int(pod["spec"].get("priority") or 0) < 0:
        return None
    return {"node": pod["spec"].get("nodeName") or "", "needs": needs_of(pod)}

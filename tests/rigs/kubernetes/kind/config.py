"""What kind is asked for: the nodes and ranges of the plan, and the settings that the tests count on."""

from __future__ import annotations

import json
from typing import Any

from tests.rigs.kubernetes.kind.engine import kind_name
from tests.rigs.kubernetes.plan import LOST_S, SHUTDOWN_S, ClusterPlan

CONTROLLERS = {"leader-elect": "false", "node-monitor-grace-period": f"{LOST_S}s", "node-monitor-period": "2s"}
SCHEDULER = {"leader-elect": "false"}  # nobody else wants to lead, and it has not to end when the API server is away
KUBELET = {
    "nodeLeaseDurationSeconds": max(4, LOST_S * 4 // 5),
    "shutdownGracePeriod": f"{SHUTDOWN_S}s",
    "shutdownGracePeriodCriticalPods": "2s",
    "failCgroupV1": False,
}


def config(cluster: ClusterPlan) -> str:
    """The configuration of a cluster: https://kind.sigs.k8s.io/docs/user/configuration/."""
    roles = ["control-plane", *("worker" for _ in cluster.nodes[1:])]
    return json.dumps(
        {
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "kind": "Cluster",
            "name": kind_name(cluster),
            "networking": {"podSubnet": cluster.pods, "serviceSubnet": cluster.services},
            "nodes": [{"role": role} for role in roles],
            "kubeadmConfigPatches": [json.dumps(patch) for patch in _patches()],
        }
    )


def _patches() -> list[dict[str, Any]]:
    """For kubeadm, of which kind speaks one version to older Kubernetes and another to newer; that of the other is not heard."""
    older = {"controllerManager": {"extraArgs": CONTROLLERS}, "scheduler": {"extraArgs": SCHEDULER}}
    newer = {name: {"extraArgs": _listed(part["extraArgs"])} for name, part in older.items()}
    return [
        {"kind": "ClusterConfiguration", "apiVersion": "kubeadm.k8s.io/v1beta3", **older},
        {"kind": "ClusterConfiguration", "apiVersion": "kubeadm.k8s.io/v1beta4", **newer},
        {"kind": "KubeletConfiguration", **KUBELET},
    ]


def _listed(arguments: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in arguments.items()]

"""How this rig lays out the plan on the machine: ports of the control planes, ranges and cables of the nodes, folders."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.kubernetes.plan import CACHE, CLUSTERS, NodePlan

HERE = Path(__file__).resolve().parent
CGROUP = "session-migrator-rig"
GOLDEN = CACHE / "golden"  # a containerd folder with all images, whose layers every node shares
LAYERS = "io.containerd.snapshotter.v1.overlayfs/snapshots"
API_PORTS = {"a": 6443, "b": 7443}
ETCD_PORTS = {"a": 2379, "b": 3379}


def pods_of(node: NodePlan) -> str:
    """The range of a node's pods, within its cluster's."""
    net, third = CLUSTERS[node.cluster].pods.split(".0/")[0].rsplit(".", 1)
    return f"{net}.{int(third) + node.number}.0/24"


def link_of(node: NodePlan) -> str:
    """The name of a node's network namespace and of its cable to the bridge (15 letters at most)."""
    return f"migrator-{node.name}"

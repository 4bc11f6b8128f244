"""The rig of namespaces: Kubernetes compiled here, its nodes process trees in network, mount and process namespaces of their own.

Ending a node's first process loses the node as a spot machine is lost.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.rigs.kubernetes.kubectl import has_account, node_ready
from tests.rigs.kubernetes.namespaces import cgroups, policies
from tests.rigs.kubernetes.namespaces.build import build
from tests.rigs.kubernetes.namespaces.cluster import (
    start_api,
    start_api_server,
    start_controllers,
    stop_api_server,
    stop_cluster,
)
from tests.rigs.kubernetes.namespaces.layout import link_of
from tests.rigs.kubernetes.namespaces.network import cut, mend, start_network, stop_network
from tests.rigs.kubernetes.namespaces.node import (
    ctr,
    has_current_images,
    kill_node,
    remove_node,
    shut_down_node,
    start_node,
)
from tests.rigs.kubernetes.plan import CLUSTERS, NODES, NodePlan
from tests.rigs.kubernetes.process import alive as process_of
from tests.rigs.kubernetes.process import wait_for

__all__ = [
    "build",
    "ctr",
    "cut",
    "kill_node",
    "mend",
    "shut_down_node",
    "start_api_server",
    "start_node",
    "stop_api_server",
]
NAME = "namespaces of this machine"


def obstacle() -> str | None:
    """Why clusters cannot run on this machine, or None."""
    if os.geteuid() != 0:
        return "the rig's nodes are namespaces and control groups: it needs root"
    spaces = ["unshare", "--mount", "--uts", "--pid", "--net", "--fork", "true"]
    if shutil.which("unshare") is None or subprocess.run(spaces, check=False, capture_output=True).returncode:
        return "this machine does not allow new mount, process and network namespaces"
    return None


def up() -> None:
    """Start all clusters; those that run already stay."""
    start_network()
    for cluster in CLUSTERS.values():
        start_api(cluster)
    for cluster in CLUSTERS.values():
        start_controllers(cluster)
        for node in cluster.nodes:
            start_node(node)
    for cluster in CLUSTERS.values():
        for node in cluster.nodes:
            wait_for(f"ready node {node.name}", lambda node=node: node_ready(node), 300)
        wait_for(f"service account in {cluster.name}", lambda cluster=cluster: has_account(cluster))


def down() -> None:
    """End everything that up started, also after a crash in the middle."""
    for node in NODES.values():
        remove_node(node)
    for cluster in CLUSTERS.values():
        stop_cluster(cluster)
    cgroups.remove_all()
    stop_network()


def running() -> bool:
    """Whether the clusters are up, with the images of now."""
    if not all(process_of(cluster.folder, "kube-apiserver") for cluster in CLUSTERS.values()):
        return False
    return all(has_current_images(node) for node in NODES.values())


def status() -> list[str]:
    """A line for each process of the rig."""
    folders = [cluster.folder for cluster in CLUSTERS.values()] + [node.folder for node in NODES.values()]
    names = [(folder, file.stem) for folder in folders for file in sorted(folder.glob("*.pid"))]
    return [f"{folder.name:3} {name:25} {process_of(folder, name) or '-'}" for folder, name in names]


def alive(node: NodePlan) -> bool:
    """Whether a node runs."""
    return process_of(node.folder, "node") is not None


def no_shutdown(node: NodePlan) -> str | None:
    """A stand-in for logind, which comes with Kubernetes' own binary, tells each kubelet."""
    return None


def enforce_policies() -> None:
    """From now on connections of and to pods are what the clusters' NetworkPolicies allow."""
    for node in NODES.values():
        policies.enforce(node)


def policies_hold() -> bool:
    """Whether NetworkPolicies are enforced just now."""
    return all(policies.are_enforced(node) for node in NODES.values())


def let_all_through() -> None:
    """As before."""
    for node in NODES.values():
        policies.let_all_through(node)


def inside(node: NodePlan) -> tuple[str, ...]:
    """Words before a command of this machine that has to run within a node's network."""
    return ("nsenter", f"--net=/run/netns/{link_of(node)}")


def containerd_folder(node: NodePlan) -> Path:
    """Where a node's containerd keeps its state, also while the node is dead."""
    return node.folder / "lib" / "containerd"

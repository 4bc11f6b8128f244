"""The clusters as a whole: up, down, and what the tests need to know about them."""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.rigs.kubernetes import cgroups
from tests.rigs.kubernetes.cluster import kubectl, start_api, start_controllers, stop_cluster
from tests.rigs.kubernetes.network import start_network, stop_network
from tests.rigs.kubernetes.node import has_current_images, remove_node, start_node
from tests.rigs.kubernetes.plan import CLUSTERS, NODES, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import RigError, alive, wait_for


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
        wait_for(f"service account in {cluster.name}", lambda cluster=cluster: _has_account(cluster))


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
    if not all(alive(cluster.folder, "kube-apiserver") for cluster in CLUSTERS.values()):
        return False
    return all(has_current_images(node) for node in NODES.values())


def api_answers(cluster: ClusterPlan) -> bool:
    """Whether a cluster's API server is there."""
    try:
        return kubectl(cluster, "get", "--raw", "/readyz") == "ok"
    except RigError:
        return False


def node_ready(node: NodePlan) -> bool:
    """Whether its cluster thinks that a node is well."""
    path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    try:
        return kubectl(CLUSTERS[node.cluster], "get", "node", node.name, "-o", path) == "True"
    except RigError:  # it has not registered yet
        return False


def recover_node(node: NodePlan) -> None:
    """Bring a node back that may have died, and wait until its cluster has seen both: what it knew before is no news."""
    if not alive(node.folder, "node"):
        wait_for(f"loss of node {node.name}", lambda: not node_ready(node), 120)
    start_node(node)
    wait_for(f"ready node {node.name}", lambda: node_ready(node), 300)


def status() -> list[str]:
    """A line for each process of the rig."""
    folders = [cluster.folder for cluster in CLUSTERS.values()] + [node.folder for node in NODES.values()]
    names = [(folder, file.stem) for folder in folders for file in sorted(folder.glob("*.pid"))]
    return [f"{folder.name:3} {name:25} {alive(folder, name) or '-'}" for folder, name in names]


def _has_account(cluster: ClusterPlan) -> bool:
    try:
        kubectl(cluster, "get", "serviceaccount", "default")
    except RigError:  # not yet
        return False
    return True

"""The rig of kind: its own node images, released Kubernetes, its own network plugin, which enforces NetworkPolicies."""

from __future__ import annotations

import os
import shutil

from tests.rigs.kubernetes.choice import why_not_kind
from tests.rigs.kubernetes.kind.config import config
from tests.rigs.kubernetes.kind.engine import docker, in_node, is_running, kind, kind_name
from tests.rigs.kubernetes.kind.images import build_images, has_current_images
from tests.rigs.kubernetes.kind.network import connect, cut, mend, start_network, stop_network
from tests.rigs.kubernetes.kind.node import (
    containerd_folder,
    ctr,
    inside,
    kill_node,
    no_shutdown,
    settle_node,
    shut_down_node,
    start_node,
)
from tests.rigs.kubernetes.kubectl import api_answers, has_account, kubectl, node_ready
from tests.rigs.kubernetes.plan import CLUSTERS, KUBECTL, NODES, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import wait_for, works, write
from tests.rigs.kubernetes.tools import alone, build_helm, install_packages

__all__ = [
    "containerd_folder",
    "ctr",
    "cut",
    "inside",
    "kill_node",
    "mend",
    "no_shutdown",
    "shut_down_node",
    "start_node",
]
NAME = "kind"
IMAGE = "SESSION_MIGRATOR_NODE_IMAGE"  # in the environment: another node image than kind's own
MANIFEST, AWAY = "/etc/kubernetes/manifests/kube-apiserver.yaml", "/etc/kubernetes/kube-apiserver.yaml"


def obstacle() -> str | None:
    """Why clusters cannot run on this machine, or None."""
    if os.geteuid() != 0:
        return "the images are built in chroots, and routes lead to the nodes' pods: it needs root"
    return why_not_kind()


def build() -> None:
    """The images of the tests; Kubernetes itself comes with kind's."""
    with alone():
        install_packages(["mmdebstrap", "iproute2"])
        build_helm()
        build_images()


def up() -> None:
    """Start all clusters; those that run already stay."""
    start_network()
    there = kind("get", "clusters").split()
    for cluster in CLUSTERS.values():
        if kind_name(cluster) not in there:
            _create(cluster)
    for node in NODES.values():
        start_node(node)
        wait_for(f"ready node {node.name}", lambda node=node: node_ready(node), 300)
        settle_node(node)
    for node in NODES.values():
        connect(node)
    for cluster in CLUSTERS.values():
        wait_for(f"service account in {cluster.name}", lambda cluster=cluster: has_account(cluster))


def down() -> None:
    """End everything that up started, also after a crash in the middle."""
    for cluster in CLUSTERS.values():
        kind("delete", "cluster", "--name", kind_name(cluster))
        shutil.rmtree(cluster.folder, ignore_errors=True)
    for node in NODES.values():
        shutil.rmtree(node.folder, ignore_errors=True)
    stop_network()


def running() -> bool:
    """Whether the clusters are up, with the images of now."""
    if not all(is_running(node) for node in NODES.values()):
        return False
    return all(map(api_answers, CLUSTERS.values())) and all(map(has_current_images, NODES.values()))


def status() -> list[str]:
    """A line for each node."""
    return docker(
        "ps", "--all", "--filter", "label=io.x-k8s.kind.cluster", "--format", "{{.Names}} {{.Status}}"
    ).splitlines()


def alive(node: NodePlan) -> bool:
    """Whether a node runs."""
    return is_running(node)


def stop_api_server(cluster: ClusterPlan) -> None:
    """Take the API server away: its kubelet forgets it when its manifest is gone."""
    node = cluster.nodes[0]
    if is_running(node):
        in_node(node, "mv", MANIFEST, AWAY)
        works("docker", "exec", node.name, "pkill", "-KILL", "-x", "kube-apiserver")
        wait_for("end of the API server", lambda: not api_answers(cluster))


def start_api_server(cluster: ClusterPlan) -> None:
    """Bring the API server back, and the machine that it is on."""
    node = cluster.nodes[0]
    start_node(node)
    works("docker", "exec", node.name, "mv", AWAY, MANIFEST)  # unless it went with its machine


def enforce_policies() -> None:
    """Its network plugin always does, if the kernel can."""


def policies_hold() -> bool:
    """Whether NetworkPolicies are enforced: then kindnet has each node send it the connections' first packets."""
    asked = "{ nft list ruleset; iptables-save; } 2> /dev/null | grep -qiw -e queue -e NFQUEUE"
    return all(works("docker", "exec", node.name, "sh", "-c", asked) for node in NODES.values())


def let_all_through() -> None:
    """It cannot."""


def _create(cluster: ClusterPlan) -> None:
    image = os.environ.get(IMAGE)
    kind(
        *("create", "cluster", "--config", write(cluster.folder / "kind.json", config(cluster))),
        *("--kubeconfig", cluster.kubeconfig, "--wait", "120s", *(("--image", image) if image else ())),
    )
    first, *workers = cluster.nodes
    docker("cp", "--follow-link", f"{first}:/usr/bin/kubectl", KUBECTL)
    if workers:  # hub and proxy run there all the same
        kubectl(cluster, "taint", "node", first, "node-role.kubernetes.io/control-plane-")

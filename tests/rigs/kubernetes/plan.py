"""The plan: which clusters and nodes there are, their names, addresses and folders, whoever makes them.

Everything lies in one private network behind one bridge, and in one cache folder outside the checkout.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.kubernetes.choice import on_kind

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("SESSION_MIGRATOR_CACHE", "~/.cache/session-migrator")).expanduser() / "kubernetes"
BIN = CACHE / "bin"
KUBECTL = (CACHE / "kind" if on_kind() else BIN) / "kubectl"
CHECKOUT = HERE.parents[2]

KUBERNETES = "v1.34.4"
HELM = "v3.22.0"
POLICY_ENGINE, POLICIES = "sigs.k8s.io/kube-network-policies", "v0.8.0"

NET = "10.77"  # the host and the nodes: NET.0.x; the pods of the clusters: from NET.16.x and NET.32.x on
MACHINES = f"{NET}.0.0/24"  # nodes, and this machine, where the tests are
HOST = f"{NET}.0.1"  # where pods reach processes of this machine
BRIDGE = "migratork8s"
SHUTDOWN_S = 10  # what a node that shuts down in order leaves its pods, the system's own 2 s of it
LOST_S = 12  # without a node's heartbeat for so long it counts as lost; Kubernetes' own default is 50


@dataclass(frozen=True)
class NodePlan:
    """A node: its number gives it an address. As text it is its name."""

    name: str
    cluster: str
    number: int

    def __str__(self) -> str:
        return self.name

    @property
    def ip(self) -> str:
        """Its address on the bridge."""
        return f"{NET}.0.{10 + self.number}"

    @property
    def folder(self) -> Path:
        """Where its state lies while it is up."""
        return CACHE / "nodes" / self.name


@dataclass(frozen=True)
class ClusterPlan:
    """A cluster: the ranges of its pods and of its services."""

    name: str
    pods: str
    services: str

    @property
    def folder(self) -> Path:
        """Where its state lies while it is up."""
        return CACHE / "clusters" / self.name

    @property
    def pki(self) -> Path:
        """Its certificates and kubeconfigs."""
        return self.folder / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.pki / "admin.conf"

    @property
    def nodes(self) -> list[NodePlan]:
        """Its nodes."""
        return [node for node in NODES.values() if node.cluster == self.name]

    def service_ip(self, last: int) -> str:
        """One fixed address of its service range: there is not always a DNS in these clusters."""
        return self.services.replace(".0.0/16", f".1.{last}")

    @property
    def api_ip(self) -> str:
        """Where its pods find the API."""
        return self.services.replace(".0.0/16", ".0.1")


CLUSTERS = {
    "a": ClusterPlan("a", f"{NET}.16.0/20", "10.96.0.0/16"),
    "b": ClusterPlan("b", f"{NET}.32.0/20", "10.97.0.0/16"),
}
KIND = "session-migrator-{}"  # what kind calls a cluster; its nodes are called after it
PARTS = {"a1": "control-plane", "a2": "worker", "b1": "control-plane"}
NODES = {
    role: NodePlan(f"{KIND.format(role[0])}-{part}" if on_kind() else role, role[0], number)
    for number, (role, part) in enumerate(PARTS.items(), start=1)
}

"""The plan of the rig: which clusters and nodes there are, their addresses and folders.

Everything lies in one private network behind one bridge, and in one cache folder outside the checkout.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("SESSION_MIGRATOR_CACHE", "~/.cache/session-migrator")).expanduser() / "kubernetes"
BIN = CACHE / "bin"
CHECKOUT = HERE.parents[2]

KUBERNETES = "v1.34.4"
HELM = "v3.22.0"
POLICY_ENGINE, POLICIES = "sigs.k8s.io/kube-network-policies", "v0.8.0"

NET = "10.77"  # the host and the nodes: NET.0.x, the pods of node n: NET.n.x
HOST = f"{NET}.0.1"  # where pods reach processes of this machine
BRIDGE = "migratork8s"
CGROUP = "session-migrator-rig"
SHUTDOWN_S = 10  # what a node that shuts down in order leaves its pods, the system's own 2 s of it
LOST_S = 12  # without a node's heartbeat for so long it counts as lost; Kubernetes' own default is 50


@dataclass(frozen=True)
class NodePlan:
    """A node: its number gives it an address and a range for its pods."""

    name: str
    cluster: str
    number: int

    @property
    def ip(self) -> str:
        """Its address on the bridge."""
        return f"{NET}.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The range of its pods."""
        return f"{NET}.{self.number}.0/24"

    @property
    def folder(self) -> Path:
        """Where its state lies while it is up."""
        return CACHE / "nodes" / self.name

    @property
    def link(self) -> str:
        """The name of its network namespace and of its cable to the bridge (15 letters at most)."""
        return f"migrator-{self.name}"


@dataclass(frozen=True)
class ClusterPlan:
    """A cluster: its ports on this machine, and the range of its services."""

    name: str
    api_port: int
    etcd_port: int
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
        """One fixed address of its service range: there is no DNS in these clusters."""
        return self.services.replace(".0.0/16", f".0.{last}")


CLUSTERS = {
    "a": ClusterPlan("a", 6443, 2379, "10.96.0.0/16"),
    "b": ClusterPlan("b", 7443, 3379, "10.97.0.0/16"),
}
NODES = {
    "a1": NodePlan("a1", "a", 1),
    "a2": NodePlan("a2", "a", 2),
    "b1": NodePlan("b1", "b", 3),
}

"""The clusters, whoever makes them here."""

from __future__ import annotations

from tests.rigs.kubernetes.choice import VARIABLE, on_kind, why_not_kind
from tests.rigs.kubernetes.contract import Rig
from tests.rigs.kubernetes.kind import rig as kind
from tests.rigs.kubernetes.kubectl import node_ready
from tests.rigs.kubernetes.namespaces import rig as namespaces
from tests.rigs.kubernetes.plan import NodePlan
from tests.rigs.kubernetes.process import wait_for

RIG: Rig = kind if on_kind() else namespaces


def which() -> str:
    """Which rig it is, and why, in a line."""
    reason = "" if on_kind() else f"; kind: {why_not_kind() or 'it is here, and not wanted'}"
    return f"Kubernetes clusters by {RIG.NAME} ({VARIABLE} chooses{reason})"


def recover_node(node: NodePlan) -> None:
    """Bring a node back that may have died, and wait until its cluster has seen both: what it knew before is no news."""
    if not RIG.alive(node):
        wait_for(f"loss of node {node.name}", lambda: not node_ready(node), 120)
    RIG.start_node(node)
    wait_for(f"ready node {node.name}", lambda: node_ready(node), 300)

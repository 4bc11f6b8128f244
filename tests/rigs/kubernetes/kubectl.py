"""Asks the clusters, as their administrator."""

from __future__ import annotations

from tests.rigs.kubernetes.plan import CLUSTERS, KUBECTL, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import RigError, run


def kubectl(cluster: ClusterPlan, *words: object) -> str:
    """Run kubectl as the cluster's administrator; its output, or RigError."""
    return run(KUBECTL, f"--kubeconfig={cluster.kubeconfig}", *words)


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


def has_account(cluster: ClusterPlan) -> bool:
    """Whether pods may start: each wants the default service account."""
    try:
        kubectl(cluster, "get", "serviceaccount", "default")
    except RigError:  # not yet
        return False
    return True

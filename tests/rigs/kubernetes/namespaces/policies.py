"""NetworkPolicies, enforced on the rig's nodes while a test wants them: as a cluster's network plugin does, with a real engine."""

from __future__ import annotations

import signal

from tests.rigs.kubernetes.namespaces.layout import link_of
from tests.rigs.kubernetes.plan import BIN, CLUSTERS, NodePlan
from tests.rigs.kubernetes.process import run, spawn, stop, wait_for, works

NAME = "policies"
QUEUE = "100"
CHAIN = (
    "mangle",
    "POSTROUTING",
)  # after a service's address became a pod's, and before anybody's address becomes a node's
RULES = (
    ("-m", "addrtype", "--src-type", "LOCAL", "-j", "RETURN"),  # the node itself: kubelet's probes
    ("-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", QUEUE),
)


def enforce(node: NodePlan) -> None:
    """From now on connections of and to the node's pods are what the cluster's policies allow."""
    kubeconfig = CLUSTERS[node.cluster].kubeconfig
    spawn(node.folder, NAME, *_inside(node), BIN / "policies", kubeconfig, node.name)
    wait_for(f"policies on {node.name}", lambda: _listens(node))
    for rule in RULES:
        run(*_iptables(node), "-A", CHAIN[1], *rule)


def are_enforced(node: NodePlan) -> bool:
    """Whether they are."""
    return works(*_iptables(node), "-C", CHAIN[1], *RULES[-1])


def let_all_through(node: NodePlan) -> None:
    """As before."""
    for rule in RULES:
        works(*_iptables(node), "-D", CHAIN[1], *rule)
    stop(node.folder, NAME, signal.SIGKILL)


def _listens(node: NodePlan) -> bool:
    """Whether somebody reads the queue: without a reader every first packet is lost."""
    queues = run(*_inside(node), "cat", "/proc/net/netfilter/nfnetlink_queue").splitlines()
    return any(queue.split()[0] == QUEUE for queue in queues)


def _inside(node: NodePlan) -> tuple[str, ...]:
    return ("nsenter", f"--net=/run/netns/{link_of(node)}")


def _iptables(node: NodePlan) -> tuple[str, ...]:
    return (*_inside(node), "iptables", "--wait", "-t", CHAIN[0])

"""The network of kind's nodes: one of Docker's, with the plan's addresses; pods of both clusters and this machine reach each other."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.kubernetes.kind.engine import NETWORK, about, docker, in_node
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.plan import BRIDGE, CLUSTERS, HOST, MACHINES, NET, NODES, NodePlan
from tests.rigs.kubernetes.process import RigError, run, works, write

OTHERS = f"{NET}.0.128/25"  # of Docker's own choice; the plan's are below


def start_network() -> None:
    """Docker's network; its bridge is this machine's, else the engine is somewhere else."""
    if not works("docker", "network", "inspect", NETWORK):
        ranges = ("--subnet", MACHINES, "--gateway", HOST, "--ip-range", OTHERS)
        docker("network", "create", *ranges, "--opt", f"com.docker.network.bridge.name={BRIDGE}", NETWORK)
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        raise RigError(
            "the Docker engine is not on this machine (Docker Desktop has one of its own): its nodes cannot be reached"
        )


def stop_network() -> None:
    """Take it away."""
    works("docker", "network", "rm", NETWORK)


def keep_address(node: NodePlan) -> None:
    """Have a node that is about to start again take the address that its kubelet and its certificates know, not the next free one."""
    works("docker", "network", "disconnect", NETWORK, node.name)
    docker("network", "connect", "--ip", (node.folder / "address").read_text(), NETWORK, node.name)


def connect(node: NodePlan) -> None:
    """Give a node that has just started its planned address, and ways to and from the pods of the other cluster."""
    in_node(node, "ip", "address", "replace", f"{node.ip}/24", "dev", "eth0")
    run("ip", "route", "replace", pods_of(node), "via", node.ip)
    for other in NODES.values():
        if other.cluster != node.cluster:
            in_node(node, "ip", "route", "replace", pods_of(other), "via", other.ip)
            _keep_addresses(node, CLUSTERS[other.cluster].pods)


def learn(node: NodePlan) -> None:
    """Remember what Docker and its cluster gave to the node: when it starts again nobody may be there to be asked."""
    write(node.folder / "address", about(node, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"))
    pods = kubectl(CLUSTERS[node.cluster], "get", "node", node.name, "-o", "jsonpath={.spec.podCIDR}")
    write(node.folder / "pods", pods)


def pods_of(node: NodePlan) -> str:
    """The range of a node's pods."""
    return (node.folder / "pods").read_text()


def cut(node: NodePlan) -> None:
    """Pull a node's cable: it runs on alone, as behind a failed switch."""
    run("ip", "link", "set", _cable(node), "nomaster")


def mend(node: NodePlan) -> None:
    """Put the cable back."""
    run("ip", "link", "set", _cable(node), "master", BRIDGE)


def _cable(node: NodePlan) -> str:
    """This machine's end of the node's cable."""
    number = in_node(node, "cat", "/sys/class/net/eth0/iflink").strip()
    for link in Path("/sys/class/net").iterdir():
        if (link / "ifindex").read_text().strip() == number:
            return link.name
    raise RigError(f"no cable of {node.name} is seen on this machine")


def _keep_addresses(node: NodePlan, pods: str) -> None:
    """Pods come to these under their own addresses, by which NetworkPolicies know them, and not under their node's."""
    rule = ("POSTROUTING", "-d", pods, "-j", "RETURN")
    if not works("docker", "exec", node.name, "iptables", "--wait", "-t", "nat", "-C", *rule):
        in_node(node, "iptables", "--wait", "-t", "nat", "-I", *rule)

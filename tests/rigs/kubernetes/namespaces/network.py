"""The rig's network: a bridge for the nodes, a network namespace for each. Nothing of it leaves this machine."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.kubernetes.namespaces.layout import link_of, pods_of
from tests.rigs.kubernetes.plan import BRIDGE, HOST, NET, NODES, NodePlan
from tests.rigs.kubernetes.process import run, works

FIREWALL = ("iptables", "--wait")
WITHIN = (
    "FORWARD",
    "-i",
    BRIDGE,
    "-o",
    BRIDGE,
    "-j",
    "ACCEPT",
)  # a Docker engine forbids it to all bridges but its own
UNREACHABLE = ("unreachable", f"{NET}.0.0/16", "metric", "9999")


def start_network() -> None:
    """The bridge; addresses of the rig that have no node behind them are unreachable, not the world's."""
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "addr", "replace", f"{HOST}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    run("sysctl", "-qw", f"net.ipv4.conf.{BRIDGE}.forwarding=0")
    run("ip", "route", "replace", *UNREACHABLE)
    works(*FIREWALL, "-D", *WITHIN)
    works(*FIREWALL, "-I", *WITHIN)


def stop_network() -> None:
    """Take the bridge away."""
    works("ip", "link", "del", BRIDGE)
    works("ip", "route", "del", *UNREACHABLE)
    works(*FIREWALL, "-D", *WITHIN)


def connect(node: NodePlan) -> None:
    """Give a node its namespace, its cable to the bridge, and routes to the pods of all others."""
    if not works("ip", "netns", "pids", link_of(node)):
        run("ip", "netns", "add", link_of(node))
    if not Path(f"/sys/class/net/{link_of(node)}").exists():
        run("ip", "link", "add", link_of(node), "type", "veth", "peer", "name", "eth0", "netns", link_of(node))
    run("ip", "link", "set", link_of(node), "master", BRIDGE, "up")
    inside = ("ip", "-n", link_of(node))
    run(*inside, "addr", "replace", f"{node.ip}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        run(*inside, "link", "set", link, "up")
    run("nsenter", f"--net=/run/netns/{link_of(node)}", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run("ip", "route", "replace", pods_of(node), "via", node.ip)
    for other in NODES.values():
        if other != node:
            run(*inside, "route", "replace", pods_of(other), "via", other.ip)
    run(*inside, "route", "replace", "default", "via", HOST)  # services without a pod behind them end at the host


def disconnect(node: NodePlan) -> None:
    """Take a node's namespace and routes away."""
    works("ip", "netns", "del", link_of(node))
    works("ip", "link", "del", link_of(node))
    works("ip", "route", "del", pods_of(node))


def cut(node: NodePlan) -> None:
    """Pull a node's cable: it runs on alone, as behind a failed switch."""
    run("ip", "link", "set", link_of(node), "nomaster")


def mend(node: NodePlan) -> None:
    """Put the cable back."""
    run("ip", "link", "set", link_of(node), "master", BRIDGE, "up")

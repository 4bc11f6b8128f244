"""The rig's network: a bridge for the nodes, a network namespace for each. Nothing of it leaves this machine."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.kubernetes.plan import BRIDGE, HOST, NET, NODES, NodePlan
from tests.rigs.kubernetes.process import run, works

UNREACHABLE = ("unreachable", f"{NET}.0.0/16", "metric", "9999")


def start_network() -> None:
    """The bridge; addresses of the rig that have no node behind them are unreachable, not the world's."""
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "addr", "replace", f"{HOST}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    run("sysctl", "-qw", f"net.ipv4.conf.{BRIDGE}.forwarding=0")
    run("ip", "route", "replace", *UNREACHABLE)


def stop_network() -> None:
    """Take the bridge away."""
    works("ip", "link", "del", BRIDGE)
    works("ip", "route", "del", *UNREACHABLE)


def connect(node: NodePlan) -> None:
    """Give a node its namespace, its cable to the bridge, and routes to the pods of all others."""
    if not works("ip", "netns", "pids", node.link):
        run("ip", "netns", "add", node.link)
    if not Path(f"/sys/class/net/{node.link}").exists():
        run("ip", "link", "add", node.link, "type", "veth", "peer", "name", "eth0", "netns", node.link)
    run("ip", "link", "set", node.link, "master", BRIDGE, "up")
    inside = ("ip", "-n", node.link)
    run(*inside, "addr", "replace", f"{node.ip}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        run(*inside, "link", "set", link, "up")
    run("nsenter", f"--net=/run/netns/{node.link}", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    run("ip", "route", "replace", node.pods, "via", node.ip)
    for other in NODES.values():
        if other != node:
            run(*inside, "route", "replace", other.pods, "via", other.ip)
    run(*inside, "route", "replace", "default", "via", HOST)  # services without a pod behind them end at the host


def disconnect(node: NodePlan) -> None:
    """Take a node's namespace and routes away."""
    works("ip", "netns", "del", node.link)
    works("ip", "link", "del", node.link)
    works("ip", "route", "del", node.pods)


def cut(node: NodePlan) -> None:
    """Pull a node's cable: it runs on alone, as behind a failed switch."""
    run("ip", "link", "set", node.link, "nomaster")


def mend(node: NodePlan) -> None:
    """Put the cable back."""
    run("ip", "link", "set", node.link, "master", BRIDGE, "up")

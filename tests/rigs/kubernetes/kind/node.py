"""A node of kind: a container that can be lost and can come back, with systemd, containerd and kubelet in it."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.kubernetes.kind.engine import about, docker, in_node, is_running
from tests.rigs.kubernetes.kind.images import give_images
from tests.rigs.kubernetes.kind.network import connect, keep_address, learn
from tests.rigs.kubernetes.plan import NodePlan
from tests.rigs.kubernetes.process import RigError, works

LOGIND = "command -v dbus-daemon || { apt-get update && apt-get install -y --no-install-recommends dbus && systemctl restart kubelet; }"


def settle_node(node: NodePlan) -> None:
    """What a node of kind lacks for the tests, once it is up."""
    learn(node)
    docker("update", "--restart=no", node.name)  # a machine that has shut down does not start by itself
    works("docker", "exec", node.name, "sh", "-c", LOGIND)  # if it fails `no_shutdown` says so
    give_images(node)


def start_node(node: NodePlan) -> None:
    """Start it again where it died."""
    if not is_running(node):
        keep_address(node)
        docker("start", node.name)
        connect(node)


def kill_node(node: NodePlan) -> None:
    """Lose the node at once, with every pod on it; its disk stays."""
    works("docker", "kill", node.name)
    docker("wait", node.name)


def shut_down_node(node: NodePlan) -> None:
    """Switch it off by its own systemd, which waits until the kubelet has ended its pods."""
    in_node(node, "systemctl", "poweroff")


def no_shutdown(node: NodePlan) -> str | None:
    """Why the node's kubelet would not hear of a shutdown in order: kind's image has no D-Bus."""
    try:
        told = "kubelet" in in_node(node, "systemd-inhibit", "--list", "--no-pager")
    except RigError:
        told = False
    return (
        None if told else f"{node.name} has no logind, and could not install dbus: no kubelet would hear of a shutdown"
    )


def ctr(node: NodePlan, *words: object) -> str:
    """Run ctr on a node's containerd, as a machine's administrator may."""
    return in_node(node, "ctr", "--namespace", "k8s.io", *words)


def inside(node: NodePlan) -> tuple[str, ...]:
    """Words before a command of this machine that has to run within a node's network."""
    return ("nsenter", f"--net=/proc/{about(node, '{{.State.Pid}}')}/ns/net")


def containerd_folder(node: NodePlan) -> Path:
    """Where a node's containerd keeps its state: in the volume that Docker mounts there, also while the node is dead."""
    volume = about(node, '{{range .Mounts}}{{if eq .Destination "/var"}}{{.Source}}{{end}}{{end}}')
    return Path(volume) / "lib" / "containerd"

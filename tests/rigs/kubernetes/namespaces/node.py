"""A node: containerd, kubelet and kube-proxy as one process tree that can be lost and can come back."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from tests.rigs.kubernetes.namespaces import cgroups
from tests.rigs.kubernetes.namespaces.layout import GOLDEN, HERE, LAYERS, link_of
from tests.rigs.kubernetes.namespaces.network import connect, disconnect
from tests.rigs.kubernetes.namespaces.node_config import write_configs
from tests.rigs.kubernetes.plan import BIN, CLUSTERS, NodePlan
from tests.rigs.kubernetes.process import alive, run, spawn, stop

SHUTDOWN = "shutdown"


def start_node(node: NodePlan) -> None:
    """Start it, or start it again where it died."""
    if alive(node.folder, "node"):
        return
    (node.folder / SHUTDOWN).unlink(missing_ok=True)
    connect(node)
    # A machine that boots has none; the kubelet would spend 3 s on each of its former containers'.
    cgroups.remove(node.name)
    cgroups.make(node.name)
    _copy_images(node)
    write_configs(node)
    settings = {
        "NODE": node.name,
        "IP": node.ip,
        "FOLDER": node.folder,
        "LAYERS": LAYERS,
        "GOLDEN": GOLDEN / LAYERS,
        "BIN": BIN,
        "PKI": CLUSTERS[node.cluster].pki,
    }
    environment = [f"{name}={value}" for name, value in settings.items()]
    spaces = (
        "nsenter",
        f"--net=/run/netns/{link_of(node)}",
        "unshare",
        "--mount",
        "--uts",
        "--pid",
        "--fork",
        "--kill-child",
    )
    spawn(node.folder, "node", "env", *environment, *spaces, "bash", "-e", HERE / "node-init.sh")


def shut_down_node(node: NodePlan) -> None:
    """Tell the node's kubelet that its machine shuts down; the machine itself goes only when it is killed."""
    (node.folder / SHUTDOWN).touch()


def kill_node(node: NodePlan) -> None:
    """Lose the node at once, with every pod on it; its disk stays."""
    stop(node.folder, "node", signal.SIGKILL)


def ctr(node: NodePlan, *words: object) -> str:
    """Run ctr on a node's containerd, as a machine's administrator may."""
    parent = alive(node.folder, "node")
    inside = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0]
    return run("nsenter", f"--target={inside}", "--mount", "ctr", "--namespace", "k8s.io", *words)


def remove_node(node: NodePlan) -> None:
    """End the node and forget its disk."""
    kill_node(node)
    disconnect(node)
    cgroups.remove(node.name)
    shutil.rmtree(node.folder, ignore_errors=True)


def has_current_images(node: NodePlan) -> bool:
    """Whether the node's images are those that were built last."""
    own = node.folder / "lib" / "containerd"
    return all((own / known.name).exists() and (own / known.name).samefile(known) for known in GOLDEN.glob("*.layers"))


def _copy_images(node: NodePlan) -> None:
    """A containerd folder with the images in it: hard links, but for the data bases, which are written to."""
    own = node.folder / "lib" / "containerd"
    if own.exists():
        return
    own.parent.mkdir(parents=True)
    shutil.copytree(GOLDEN, own, ignore=_shared_layers, copy_function=os.link)
    for data_base in own.rglob("*.db"):
        copy = data_base.with_suffix(".copy")
        shutil.copy(data_base, copy)
        copy.rename(data_base)


def _shared_layers(folder: str, names: list[str]) -> list[str]:
    return names if Path(folder) == GOLDEN / LAYERS else []

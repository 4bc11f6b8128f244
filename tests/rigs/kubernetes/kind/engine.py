"""The Docker engine that runs kind's nodes, and kind itself."""

from __future__ import annotations

import os

from tests.rigs.kubernetes.plan import KIND, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import run

NETWORK = "session-migrator"


def docker(*words: object) -> str:
    """Run docker; its output, or RigError."""
    return run("docker", *words)


def kind(*words: object) -> str:
    """Run kind, whose nodes are to be in our network rather than in its own: tests need to know their addresses."""
    return run("kind", *words, env=os.environ | {"KIND_EXPERIMENTAL_DOCKER_NETWORK": NETWORK})


def kind_name(cluster: ClusterPlan) -> str:
    """What kind calls a cluster."""
    return KIND.format(cluster.name)


def in_node(node: NodePlan, *words: object) -> str:
    """Run a command of the node's own."""
    return docker("exec", node.name, *words)


def about(node: NodePlan, template: str) -> str:
    """What Docker knows of the node's container."""
    return docker("container", "inspect", "--format", template, node.name).strip()


def is_running(node: NodePlan) -> bool:
    """Whether the node's container is there and runs."""
    return node.name in docker("ps", "--format", "{{.Names}}").split()

"""The metadata endpoint that a cloud has on each of its machines, at the address where it really is; what it says is ours to choose."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.rigs.kubernetes.metadata_server import ADDRESS
from tests.rigs.kubernetes.plan import HERE, NodePlan
from tests.rigs.kubernetes.process import run, spawn, stop, works, write
from tests.rigs.kubernetes.rig import RIG

NAME = "metadata"


def start_metadata(node: NodePlan) -> None:
    """Give the node an endpoint that has nothing to say yet."""
    say(node, {})
    inside = RIG.inside(node)
    run(*inside, "ip", "addr", "replace", f"{ADDRESS[0]}/32", "dev", "lo")
    spawn(node.folder, NAME, *inside, sys.executable, HERE / "metadata_server.py", _answers(node))


def stop_metadata(node: NodePlan) -> None:
    """Take it away."""
    stop(node.folder, NAME, signal.SIGKILL)
    works(*RIG.inside(node), "ip", "addr", "del", f"{ADDRESS[0]}/32", "dev", "lo")


def say(node: NodePlan, answers: Mapping[str, str]) -> None:
    """What the endpoint answers from now on, by path."""
    news = write(_answers(node).with_suffix(".new"), json.dumps(dict(answers)))
    news.replace(_answers(node))


def _answers(node: NodePlan) -> Path:
    return node.folder / f"{NAME}.json"

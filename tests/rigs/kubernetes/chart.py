"""Helm: renders, checks, installs the project's chart."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.plan import BIN, CHECKOUT, ClusterPlan
from tests.rigs.kubernetes.process import run

CHART = CHECKOUT / "deploy" / "helm" / "session-migrator"
RELEASE = "session-migrator"


def rig_values() -> dict[str, Any]:
    """The images of the rig, which nobody can pull."""
    control, tag = image_name("control").rsplit(":", 1)
    injector = image_name("injector").rsplit(":", 1)[0]
    return {"image": {"control": control, "injector": injector, "tag": tag, "pullPolicy": "Never"}}


def render(folder: Path, values: Mapping[str, Any]) -> str:
    """The chart's manifests as text."""
    return run(*_helm("template", RELEASE, CHART), "-f", _file(folder, values))


def lint(folder: Path, values: Mapping[str, Any]) -> str:
    """What helm lint says; RigError when it finds faults."""
    return run(*_helm("lint", CHART), "--strict", "-f", _file(folder, values))


def install(cluster: ClusterPlan, namespace: str, values: Mapping[str, Any]) -> None:
    """Install or upgrade, and wait until everything is ready."""
    where = ("--kubeconfig", cluster.kubeconfig, "--namespace", namespace)
    run(
        *(BIN / "helm", "upgrade", "--install", RELEASE, CHART, *where, "--wait", "--timeout", "10m"),
        *("-f", _file(cluster.folder, values)),
        env=os.environ | {"HELM_CACHE_HOME": str(cluster.folder / "helm")},
    )


def uninstall(cluster: ClusterPlan, namespace: str) -> None:
    """Remove what install made."""
    run(BIN / "helm", "uninstall", RELEASE, "--kubeconfig", cluster.kubeconfig, "--namespace", namespace)


def run_tests(cluster: ClusterPlan, namespace: str) -> str:
    """What helm test says; RigError when it fails."""
    return run(BIN / "helm", "test", RELEASE, "--kubeconfig", cluster.kubeconfig, "--namespace", namespace)


def _helm(command: str, *words: object) -> tuple[object, ...]:
    return (BIN / "helm", command, *words, "--kube-version", "1.34")


def _file(folder: Path, values: Mapping[str, Any]) -> Path:
    path = folder / "values.json"
    path.write_text(json.dumps(values))
    return path

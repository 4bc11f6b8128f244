"""What any rig needs on the machine, besides its clusters: Debian's packages, and Helm, which the chart's tests install with."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.rigs.kubernetes.go import environment, go
from tests.rigs.kubernetes.plan import BIN, CACHE, HELM
from tests.rigs.kubernetes.process import run, works

NICE = ("nice", "-n", "19")


@contextmanager
def alone() -> Iterator[None]:
    """What another run builds just now is waited for."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_packages(names: Iterable[str]) -> None:
    """Install Debian's packages that are missing."""
    missing = [name for name in names if not works("dpkg-query", "-W", name)]
    if missing:
        run("apt-get", "update", "-q")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "install", "-y", "-q", "--no-install-recommends", *missing, env=quiet)


def build_helm() -> None:
    """Helm, compiled from the Go module proxy."""
    out = BIN / f"helm-{HELM}"
    if not out.exists():
        folder = CACHE / "helm"
        run(
            *NICE,
            go(),
            "install",
            "-p",
            "2",
            f"helm.sh/helm/v3/cmd/helm@{HELM}",
            env=environment() | {"GOBIN": str(folder)},
        )
        (folder / "helm").rename(out)
    (BIN / "helm").unlink(missing_ok=True)
    (BIN / "helm").symlink_to(out.name)

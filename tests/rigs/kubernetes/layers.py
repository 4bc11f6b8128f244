"""The images' layers: a minimal Debian, and what the images' own install scripts add to it, kept by the hash of their inputs.

The scripts are those that the Dockerfiles run. Here they run in a chroot whose changes an overlay mount catches.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.kubernetes.oci import tar_layer
from tests.rigs.kubernetes.plan import CACHE
from tests.rigs.kubernetes.process import run

FOLDER = CACHE / "layers"
SKIPPED = ("man", "doc", "locale", "info")


@dataclass(frozen=True)
class Base:
    """A minimal Debian with some packages."""

    suite: str
    packages: tuple[str, ...]


def base_layer(base: Base) -> Path:
    """The folder of its layer."""
    included = ",".join(base.packages)
    layer = FOLDER / f"base-{_hash(f'{base.suite} {included}'.encode())}"
    if not _done(layer):
        tree = _fresh(layer)
        excluded = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in SKIPPED]
        sources = [
            str(p) for p in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")) if p.is_file()
        ]
        run(
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={included}", *excluded, base.suite, tree, *sources
        )
        for left in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(tree / left, ignore_errors=True)
        _finish(layer)
    return layer


@dataclass(frozen=True)
class Script:
    """One step of an image: `sh /recipe/install.sh STEP`, with the files of `build` under /build.

    The layer is made again when the recipe, a layer below, or one of the files `decided_by` has changed.
    """

    name: str
    recipe: Path
    step: str
    build: tuple[Path, ...] = ()
    decided_by: tuple[Path, ...] = ()


def script_layer(script: Script, below: Sequence[Path]) -> Path:
    """What a step adds to the layers below: the folder of the layer."""
    inputs = [layer.name.encode() for layer in below] + [script.step.encode(), *_contents(script.recipe)]
    layer = FOLDER / f"{script.name}-{_hash(*inputs, *(path.read_bytes() for path in script.decided_by))}"
    if not _done(layer):
        tree = _fresh(layer)
        with _overlay(below, tree, layer) as root:
            _run_in(root, script)
        for left in ("build", "recipe", "tmp", "etc/resolv.conf"):
            _remove(tree / left)
        _finish(layer)
    return layer


def layer_tar(layer: Path) -> Path:
    """The layer, packed."""
    return layer / "layer.tar"


@contextmanager
def _overlay(below: Sequence[Path], tree: Path, layer: Path) -> Iterator[Path]:
    root, work = layer / "root", layer / "work"
    for folder in (root, work):
        folder.mkdir()
    lower = ":".join(str(lower / "tree") for lower in reversed(below))
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={tree},workdir={work}", root)
    run("mount", "--bind", "/dev", root / "dev")
    run("mount", "-t", "proc", "proc", root / "proc")
    try:
        yield root
    finally:
        for mount in (root / "proc", root / "dev", root):
            run("umount", "--lazy", mount)
        shutil.rmtree(work)
        root.rmdir()


def _run_in(root: Path, script: Script) -> None:
    shutil.copytree(script.recipe, root / "recipe")
    (root / "build").mkdir()
    for path in script.build:
        run("cp", "-rL", path, root / "build" / ("python" if path.is_dir() else path.name))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    ca = root / "build" / "ca.pem"
    shutil.copy(os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt"), ca)
    clean = [
        "env",
        "-i",
        "PATH=/opt/hub/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "PIP_DISABLE_PIP_VERSION_CHECK=1",
    ]
    trust = ["PIP_CERT=/build/ca.pem", "NODE_EXTRA_CA_CERTS=/build/ca.pem"]
    run("nice", "-n", "19", "chroot", root, *clean, *trust, "sh", "/recipe/install.sh", script.step)


def _contents(folder: Path) -> list[bytes]:
    return [
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
    ]


def _hash(*inputs: bytes) -> str:
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()[:16]


def _done(layer: Path) -> bool:
    return layer_tar(layer).exists()


def _fresh(layer: Path) -> Path:
    shutil.rmtree(layer, ignore_errors=True)
    (layer / "tree").mkdir(parents=True)
    return layer / "tree"


def _finish(layer: Path) -> None:
    packed = layer / "layer.partial"
    tar_layer(layer / "tree", packed)
    packed.rename(layer_tar(layer))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

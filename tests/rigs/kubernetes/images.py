"""The images of the rig, unpacked into one containerd folder that every node shares the layers of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.kubernetes.dockerfile import project_target
from tests.rigs.kubernetes.layers import Base, Script, base_layer, layer_tar, script_layer
from tests.rigs.kubernetes.node import GOLDEN
from tests.rigs.kubernetes.node_config import PAUSE
from tests.rigs.kubernetes.oci import Runtime, layout, tar_layer
from tests.rigs.kubernetes.plan import BIN, CACHE, CHECKOUT, HERE
from tests.rigs.kubernetes.process import run, spawn, stop, wait_for, write

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
LIBRARIES = ("libsqlite3-0", "libreadline8", "libbz2-1.0", "liblzma5")  # of a Python that brings no Debian's own
COMFORTABLE = Base("bookworm", ("python3", "python3-venv", "procps", "curl", "ca-certificates", *LIBRARIES))
SOCKET = CACHE / "images" / "containerd.sock"


@dataclass(frozen=True)
class Image:
    """An image: its steps upon a minimal Debian, and what its containers do."""

    name: str
    base: Base
    scripts: tuple[Script, ...]
    runtime: Runtime


def image_name(name: str) -> str:
    """The reference under which the clusters know an image of the rig."""
    return f"localhost/session-migrator/{name}:rig"


def images(wheel: Path) -> list[Image]:
    """All images with a Debian in them; the project's own are built from its wheel, as its Dockerfile says."""
    hub = Runtime("1000:1000", ["jupyterhub"], "/home/hub", {"PATH": f"/opt/hub/bin:/opt/proxy/bin:{SYSTEM}"})
    user_path = f"/srv/conda/envs/notebook/bin:{SYSTEM}"
    home = "/home/jovyan"
    user = Runtime(
        "1000:100", ["jupyter", "lab"], home, {"PATH": user_path, "HOME": home, "REPO_DIR": home, "LANG": "C.UTF-8"}
    )
    return [
        *(project_image(name, wheel) for name in ("control", "injector")),
        Image("hub", COMFORTABLE, (Script("hub", HERE / "images/hub", "all"),), hub),
        Image("user", COMFORTABLE, (Script("user", HERE / "images/user", "all", other_python()),), user),
    ]


def project_image(name: str, wheel: Path) -> Image:
    """Its code changes with every wheel, what that needs with pyproject.toml only: a layer each."""
    target = project_target(CHECKOUT, name)
    decisive = {"dependencies": CHECKOUT / "pyproject.toml"}
    scripts = tuple(
        Script(f"{name}-{step}", CHECKOUT / target.recipe, step, (wheel,), (decisive.get(step, wheel),))
        for step in target.steps
    )
    return Image(name, target.base, scripts, target.runtime)


def build_images() -> None:
    """Make what is missing or out of date, and unpack it."""
    layers = {image.name: (image, _layers(image)) for image in images(project_wheel())}
    with _containerd():
        _import_pause()
        for image, tars in layers.values():
            _import(image_name(image.name), tars, image.runtime)
    shutil.rmtree(GOLDEN / "io.containerd.content.v1.content" / "ingest", ignore_errors=True)


def project_wheel() -> Path:
    """The project's wheel, the same bytes for the same sources."""
    folder = CACHE / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    always = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, CHECKOUT, env=always)
    return next(folder.glob("*.whl"))


def other_python() -> tuple[Path, ...]:
    """An old Python for the kernels, if this machine has one (pyenv's): servers and kernels need not run the same."""
    found = sorted(Path("~/.pyenv/versions").expanduser().glob("3.8.*"))
    return tuple(found[:1])


def _layers(image: Image) -> list[Path]:
    below = [base_layer(image.base)]
    for script in image.scripts:
        below.append(script_layer(script, below))
    return [layer_tar(layer) for layer in below]


def _import_pause() -> None:
    tar = CACHE / "layers" / "pause.tar"
    if not tar.exists():
        tar_layer(BIN / "pause-root", tar)
    _import(PAUSE, [tar], Runtime("", ["/pause"]))


def _import(name: str, layers: list[Path], runtime: Runtime) -> None:
    """Import an image unless this very one is there already."""
    known = GOLDEN / f"{name.replace('/', '_')}.layers"
    wanted = "\n".join(["by name and digest", *(str(layer) for layer in layers), repr(runtime)])
    if known.exists() and known.read_text() == wanted:
        return
    folder = CACHE / "images" / "layout"
    layout(folder, name, layers, runtime)
    with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
        by_digest = ("--digests", "--base-name", name.rsplit(":", 1)[0])
        run("nice", "ctr", "-a", SOCKET, "-n", "k8s.io", "images", "import", *by_digest, "-", stdin=tar.stdout)
    shutil.rmtree(folder)
    known.unlink(missing_ok=True)  # a new file: nodes that run hold links to the old one
    write(known, wanted)


@contextmanager
def _containerd() -> Iterator[None]:
    folder = SOCKET.parent
    config = f"""version = 2
root = "{GOLDEN}"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{SOCKET}"
"""
    write(folder / "containerd.toml", config)
    SOCKET.unlink(missing_ok=True)
    spawn(folder, "containerd", "containerd", "-c", folder / "containerd.toml")
    try:
        wait_for("containerd's socket", SOCKET.exists)
        yield
    finally:
        stop(folder, "containerd")

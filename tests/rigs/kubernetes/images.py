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

from tests.rigs.kubernetes.layers import Script, base_layer, layer_tar, script_layer
from tests.rigs.kubernetes.node import GOLDEN
from tests.rigs.kubernetes.node_config import PAUSE
from tests.rigs.kubernetes.oci import Runtime, layout, tar_layer
from tests.rigs.kubernetes.plan import BIN, CACHE, CHECKOUT, HERE
from tests.rigs.kubernetes.process import run, spawn, stop, wait_for, write

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
SOCKET = CACHE / "images" / "containerd.sock"


@dataclass(frozen=True)
class Image:
    """An image: its steps upon the minimal Debian, and what its containers do."""

    name: str
    scripts: tuple[Script, ...]
    runtime: Runtime


def image_name(name: str) -> str:
    """The reference under which the clusters know an image of the rig."""
    return f"localhost/session-migrator/{name}:rig"


def images() -> list[Image]:
    """All images with a Debian in them; the project's own are built from its wheel."""
    wheel, metadata = project_wheel(), CHECKOUT / "pyproject.toml"
    control, injector = CHECKOUT / "deploy/images/control", CHECKOUT / "deploy/images/injector"
    nobody = Runtime("10001:10001", ["migrator"], "/", {"PATH": f"/opt/migrator/bin:{SYSTEM}", "PYTHONUNBUFFERED": "1"})
    hub = Runtime("1000:1000", ["jupyterhub"], "/home/hub", {"PATH": f"/opt/hub/bin:/opt/proxy/bin:{SYSTEM}"})
    user_path = f"/srv/conda/envs/notebook/bin:{SYSTEM}"
    home = "/home/jovyan"
    user = Runtime(
        "1000:100", ["jupyter", "lab"], home, {"PATH": user_path, "HOME": home, "REPO_DIR": home, "LANG": "C.UTF-8"}
    )
    return [
        Image(
            "control",
            (
                Script("control-dependencies", control, "dependencies", (wheel,), (metadata,)),
                Script("control", control, "code", (wheel,), (wheel,)),
            ),
            nobody,
        ),
        Image(
            "injector",
            (
                Script("injector-dependencies", injector, "dependencies"),
                Script("injector", injector, "code", (wheel,), (wheel,)),
            ),
            Runtime("1000:100", ["sh", "/inject.sh"], "/", {"PATH": SYSTEM}),
        ),
        Image("hub", (Script("hub", HERE / "images/hub", "all"),), hub),
        Image("user", (Script("user", HERE / "images/user", "all", other_python()),), user),
    ]


def build_images() -> None:
    """Make what is missing or out of date, and unpack it."""
    layers = {image.name: (image, _layers(image)) for image in images()}
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
    below = [base_layer()]
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

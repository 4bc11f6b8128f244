"""The images, unpacked into one containerd folder that every node shares the layers of."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.rigs.kubernetes.images import Built
from tests.rigs.kubernetes.namespaces.layout import GOLDEN
from tests.rigs.kubernetes.namespaces.node_config import PAUSE
from tests.rigs.kubernetes.oci import Runtime, layout, tar_layer
from tests.rigs.kubernetes.plan import BIN, CACHE
from tests.rigs.kubernetes.process import run, spawn, stop, wait_for, write

SOCKET = CACHE / "images" / "containerd.sock"


def unpack(images: Iterable[Built]) -> None:
    """Import what is not there yet."""
    with _containerd():
        _import_pause()
        for image in images:
            _import(image)
    shutil.rmtree(GOLDEN / "io.containerd.content.v1.content" / "ingest", ignore_errors=True)


def _import_pause() -> None:
    tar = CACHE / "layers" / "pause.tar"
    if not tar.exists():
        tar_layer(BIN / "pause-root", tar)
    _import(Built(PAUSE, [tar], Runtime("", ["/pause"])))


def _import(image: Built) -> None:
    """Import an image unless this very one is there already."""
    known = GOLDEN / f"{image.name.replace('/', '_')}.layers"
    wanted = "\n".join(["by name and digest", *(str(layer) for layer in image.layers), repr(image.runtime)])
    if known.exists() and known.read_text() == wanted:
        return
    folder = CACHE / "images" / "layout"
    layout(folder, image.name, image.layers, image.runtime)
    with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
        by_digest = ("--digests", "--base-name", image.name.rsplit(":", 1)[0])
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

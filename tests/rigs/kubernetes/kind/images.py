"""Brings the images of the tests into the nodes: the project's own by Docker from its Dockerfile, the others as they are built everywhere."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.rigs.kubernetes.images import PROJECT, Built, built_images, image_name
from tests.rigs.kubernetes.kind.docker_build import can_build, docker_build
from tests.rigs.kubernetes.kind.engine import in_node
from tests.rigs.kubernetes.oci import layout
from tests.rigs.kubernetes.plan import CACHE, NodePlan
from tests.rigs.kubernetes.process import RigError, run, write

FOLDER = CACHE / "kind" / "images"
KNOWN = "/kind/session-migrator"  # in a node: what it has, and goes with it
CTR = ("ctr", "--namespace", "k8s.io")


@dataclass(frozen=True)
class Packed:
    """An image ready to be brought: its name, what tells one build from another, and the command that says its archive."""

    name: str
    mark: str
    archive: Sequence[str]


def build_images() -> None:
    """Build all of them, and remember what nodes are to have."""
    by_docker = PROJECT if can_build() else ()
    packed = [Packed(image_name(name), docker_build(name), ("docker", "save", image_name(name))) for name in by_docker]
    packed += [_laid_out(image) for image in built_images(without=by_docker)]
    write(FOLDER / "wanted.json", json.dumps([asdict(image) for image in packed]))


def give_images(node: NodePlan) -> None:
    """Import what the node does not have yet."""
    known = _known(node)
    for image in _wanted():
        if image.mark not in known:
            _import(node, image)


def has_current_images(node: NodePlan) -> bool:
    """Whether the node's images are those that were built last."""
    return {image.mark for image in _wanted()} <= _known(node)


def _laid_out(image: Built) -> Packed:
    folder = FOLDER / image.name.rsplit("/", 1)[1].split(":")[0]
    mark = hashlib.sha256(repr(image).encode()).hexdigest()
    if mark not in {known.mark for known in _wanted()}:
        layout(folder, image.name, image.layers, image.runtime)
    return Packed(image.name, mark, ("tar", "-C", str(folder), "-c", "."))


def _import(node: NodePlan, image: Packed) -> None:
    by_digest = ("--digests", "--base-name", image.name.rsplit(":", 1)[0])
    with subprocess.Popen(image.archive, stdout=subprocess.PIPE) as archive:
        run("docker", "exec", "-i", node.name, *CTR, "images", "import", *by_digest, "-", stdin=archive.stdout)
    _forget_packed(node, image)
    in_node(node, "sh", "-c", f"echo {image.mark} >> {KNOWN}")


def _forget_packed(node: NodePlan, image: Packed) -> None:
    """Of unpacked layers kind's nodes keep no packed ones, when they pull; they are half of what an image takes."""
    listed = in_node(node, *CTR, "images", "ls", f"name=={image.name}").splitlines()[1].split()
    if layers := _layers(node, listed[2]):
        in_node(node, *CTR, "content", "rm", *layers)


def _layers(node: NodePlan, digest: str) -> list[str]:
    """The digests of all layers below a manifest or an index of them."""
    found = json.loads(in_node(node, *CTR, "content", "get", digest))
    layers = [layer["digest"] for layer in found.get("layers", [])]
    for manifest in found.get("manifests", []):
        with contextlib.suppress(RigError):  # those of other machines are not here
            layers += _layers(node, manifest["digest"])
    return layers


def _known(node: NodePlan) -> set[str]:
    try:
        return set(in_node(node, "cat", KNOWN).split())
    except RigError:  # it has none
        return set()


def _wanted() -> list[Packed]:
    file: Path = FOLDER / "wanted.json"
    return [Packed(**image) for image in json.loads(file.read_text())] if file.exists() else []

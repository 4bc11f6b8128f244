"""Container images without a container engine: layers and manifests as the OCI image layout has them.

Format: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.rigs.kubernetes.process import run, write

MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True)
class Runtime:
    """What a container of an image does unless told otherwise."""

    user: str
    command: Sequence[str]
    folder: str = "/"
    environment: dict[str, str] = field(default_factory=dict)


def layout(out: Path, name: str, layers: Sequence[Path], runtime: Runtime) -> None:
    """Write an image of uncompressed tar layers as an OCI layout into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    blobs = out / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    described = [_layer(blobs, layer) for layer in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": runtime.user,
            "Cmd": list(runtime.command),
            "WorkingDir": runtime.folder,
            "Env": [f"{key}={value}" for key, value in runtime.environment.items()],
        },
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in described]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{MEDIA}.manifest.v1+json",
        "config": _blob(blobs, config, "config.v1+json"),
        "layers": described,
    }
    entry = _blob(blobs, manifest, "manifest.v1+json") | {"annotations": {"io.containerd.image.name": name}}
    write(out / "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}))
    write(out / "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def tar_layer(tree: Path, out: Path) -> None:
    """Pack a folder as a layer; devices are the container runtime's business."""
    run("tar", "-C", tree, "--numeric-owner", "--exclude=./dev/*", "-cf", out, ".")


def _layer(blobs: Path, layer: Path) -> dict[str, object]:
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    (blobs / digest).unlink(missing_ok=True)
    (blobs / digest).hardlink_to(layer)
    return {"mediaType": f"{MEDIA}.layer.v1.tar", "digest": f"sha256:{digest}", "size": layer.stat().st_size}


def _blob(blobs: Path, content: object, kind: str) -> dict[str, object]:
    data = json.dumps(content).encode()
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": f"{MEDIA}.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

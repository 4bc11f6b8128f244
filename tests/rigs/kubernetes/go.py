"""Go, which compiles Kubernetes and Helm: the machine's own if it is new enough, else one from the Go module proxy.

The proxy serves whole toolchains as modules (https://go.dev/doc/toolchain); Go itself fetches newer ones that way, and since
1.21 it does so by itself. What is fetched here is checked against a pinned hash.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import urllib.request
import zipfile
from pathlib import Path

from tests.rigs.kubernetes.plan import CACHE
from tests.rigs.kubernetes.process import RigError, run

OLDEST = (1, 21)  # from then on it fetches what a module asks for
VERSION = "v0.0.1-go1.26.8"
SHA256 = {
    "amd64": "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7",
    "arm64": "02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99",
}
PROXY = os.environ.get("GOPROXY", "").split(",")[0] or "https://proxy.golang.org"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def go() -> str:
    """The path of a Go that will do; RigError if none can be had."""
    own = shutil.which("go")
    return own if own and _is_new(run(own, "version")) else str(_fetched())


def environment() -> dict[str, str]:
    """For each of its commands."""
    return os.environ | {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto"}


def _is_new(version: str) -> bool:
    found = re.search(r"go(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _fetched() -> Path:
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise RigError(f"install Go 1.21 or later: none is known here for a {platform.machine()}")
    name = f"{VERSION}.linux-{machine}"
    root = CACHE / "go" / name
    program = root / f"golang.org/toolchain@{name}" / "bin" / "go"
    if not program.exists():
        _unpack(_download(name, SHA256[machine]), root)
    return program


def _download(name: str, sha256: str) -> Path:
    archive = CACHE / "go" / f"{name}.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    url = f"{PROXY}/golang.org/toolchain/@v/{name}.zip"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, archive.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except OSError as error:
        raise RigError(f"Go could not be fetched from {url}: {error}. Install Go 1.21 or later.") from error
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        archive.unlink()
        raise RigError(f"{url} is not what it was: its SHA-256 is {found}")
    return archive


def _unpack(archive: Path, root: Path) -> None:
    """The zip files of modules know no modes: what lies where programs lie is made executable."""
    half = root.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(half)
    for pattern in ("*/*/bin/*", "*/*/pkg/tool/*/*"):
        for program in half.glob(pattern):
            program.chmod(0o755)
    half.rename(root)
    archive.unlink()

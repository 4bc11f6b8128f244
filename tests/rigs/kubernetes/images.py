"""The images that run in the clusters: the project's own, a hub's, a user's. Built here, without Docker."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.kubernetes.dockerfile import project_target
from tests.rigs.kubernetes.layers import Base, Script, base_layer, layer_tar, script_layer
from tests.rigs.kubernetes.oci import Runtime
from tests.rigs.kubernetes.plan import CACHE, CHECKOUT, HERE
from tests.rigs.kubernetes.process import run

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
PROJECT = ("control", "injector")
LIBRARIES = ("libsqlite3-0", "libreadline8", "libbz2-1.0", "liblzma5")  # of a Python that brings no Debian's own
COMFORTABLE = Base("bookworm", ("python3", "python3-venv", "procps", "curl", "ca-certificates", *LIBRARIES))


@dataclass(frozen=True)
class Image:
    """An image: its steps upon a minimal Debian, and what its containers do."""

    name: str
    base: Base
    scripts: tuple[Script, ...]
    runtime: Runtime


@dataclass(frozen=True)
class Built:
    """An image that is there: its layers, packed."""

    name: str
    layers: list[Path]
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
        *(project_image(name, wheel) for name in PROJECT),
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


def built_images(without: Collection[str] = ()) -> list[Built]:
    """All of them but those, made where they are missing or out of date."""
    wanted = [image for image in images(project_wheel()) if image.name not in without]
    return [Built(image_name(image.name), _layers(image), image.runtime) for image in wanted]


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

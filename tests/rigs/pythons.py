"""The other Pythons of this machine, each with ipykernel in an environment of its own, outside of the checkout."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 8)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "session-migrator"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def found() -> list[str]:
    """The versions that pyenv has, `3.8.18` for example, but the one that runs the tests; one for each minor version."""
    newest: dict[tuple[int, int], str] = {}
    for folder in sorted(_root().glob("3.*")):
        match = _VERSION.fullmatch(folder.name)
        if match and (folder / "bin" / "python").exists():
            newest[int(match[1]), int(match[2])] = folder.name
    return [name for minor, name in sorted(newest.items()) if OLDEST <= minor != sys.version_info[:2]]


def installed(version: str) -> bool:
    """Whether pyenv has this version."""
    return (_root() / version / "bin" / "python").exists()


def interpreter(version: str) -> str:
    """The bare interpreter of this version."""
    return str(_root() / version / "bin" / "python")


def with_ipykernel(version: str, *requirements: str) -> str:
    """The interpreter of an environment with ipykernel and `requirements`, made by uv if it is not there yet."""
    name = "-".join(["kernel", version, *(re.sub(r"\W+", ".", one) for one in requirements)])
    python = _CACHE / name / "bin" / "python"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (python.parent / "complete").exists():
            _make(python, version, requirements or ("ipykernel",))
    return str(python)


def _make(python: Path, version: str, requirements: tuple[str, ...]) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    venv = [
        uv,
        "venv",
        "--quiet",
        "--clear",
        "--python",
        interpreter(version),
        str(python.parents[1]),
    ]
    install = [uv, "pip", "install", "--quiet", "--python", str(python), *requirements]
    for command in (venv, install):
        subprocess.run(command, check=True, capture_output=True, text=True)
    (python.parent / "complete").touch()


def _root() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"

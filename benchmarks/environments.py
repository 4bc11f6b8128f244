"""An environment for each peer, since their requirements exclude each other's; made once, and kept for the next run."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

SHARED = ("ipykernel", "numpy", "pandas")


class Unavailable(Exception):
    """A peer cannot be measured here; the message says why, for the table."""


def cache() -> Path:
    """Where environments are kept; `SESSION_MIGRATOR_CACHE` moves it."""
    return Path(os.environ.get("SESSION_MIGRATOR_CACHE") or "~/.cache/session-migrator").expanduser()


async def environment(requirement: str) -> Path:
    """The interpreter of the peer's own environment. Raises `Unavailable` if it cannot be installed."""
    folder = cache() / f"bench-{requirement.partition('==')[0]}"
    python = folder / "bin/python"
    done = folder / "installed"
    if not done.exists() or done.read_text() != requirement:
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if uv is None:
            raise Unavailable("could not be installed: uv is missing")
        await _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        await _run(uv, "pip", "install", "--quiet", "--python", str(python), requirement, *SHARED)
        done.write_text(requirement)
    return python


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        raise Unavailable(f"could not be installed: {errors.decode().strip().splitlines()[-1]}")

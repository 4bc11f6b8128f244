"""Which rig makes the clusters: kind where it is there with a Docker engine that answers, else namespaces of this machine.

SESSION_MIGRATOR_CLUSTERS=kind or =namespaces chooses otherwise.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

VARIABLE = "SESSION_MIGRATOR_CLUSTERS"
KINDS = ("kind", "namespaces")


@functools.cache
def on_kind() -> bool:
    """Whether kind makes them."""
    wish = os.environ.get(VARIABLE)
    if wish and wish not in KINDS:
        raise ValueError(f"{VARIABLE} is {wish!r}; it may be {' or '.join(KINDS)}")
    return wish == "kind" or (not wish and why_not_kind() is None)


def why_not_kind() -> str | None:
    """Why there is no kind here, or None."""
    for program in ("kind", "docker"):
        if shutil.which(program) is None:
            return f"there is no {program} on PATH"
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer"
    return "there is no Docker engine that answers" if asked.returncode else None

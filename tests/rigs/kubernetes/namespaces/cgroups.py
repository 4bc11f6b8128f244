"""A place for each node's containers in the machine's control groups, of version 1 or 2."""

from __future__ import annotations

import os
from pathlib import Path

from tests.rigs.kubernetes.namespaces.layout import CGROUP
from tests.rigs.kubernetes.process import wait_for


def make(node: str) -> None:
    """A group of the node's own in each hierarchy."""
    for root in _roots():
        for group in (root / CGROUP, root / CGROUP / node):
            group.mkdir(exist_ok=True)
            if root.name == "cpuset":  # version 1 gives a new cpuset no processor
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (group / file).write_text((root / file).read_text())


def remove(node: str) -> None:
    """Remove the node's groups, as soon as the kernel has let go of its dead processes."""
    for root in _roots():
        for path, _, _ in os.walk(root / CGROUP / node, topdown=False):
            wait_for(f"end of {path}", lambda path=path: _removed(Path(path)), 30)


def remove_all() -> None:
    """Remove what the nodes' groups lay in."""
    for root in _roots():
        if (root / CGROUP).exists():
            (root / CGROUP).rmdir()


def _roots() -> list[Path]:
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return [Path(mount[1]) for mount in mounts if mount[2] in ("cgroup", "cgroup2")]


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # busy: dead processes are still being taken down
        return False
    return True

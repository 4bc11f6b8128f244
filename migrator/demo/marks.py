"""Finds and ends the processes of one demo, or of one of its machines, and no others.

Everything that a demo starts carries its mark in the environment, and passes it on to whatever it starts itself: a
hub's user servers, their kernels, the shells in their terminals. So /proc/*/environ tells what belongs to whom, even
when parents have died and process groups were left.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

DEMO = "MIGRATOR_DEMO"
MACHINE = "MIGRATOR_DEMO_MACHINE"


def find(name: str, value: str) -> list[int]:
    """The ids of the living processes that were started with `name=value` in their environment, except this one."""
    wanted = f"{name}={value}".encode()
    return [pid for pid in _process_ids() if pid != os.getpid() and wanted in _environment(pid)]


def kill_all(name: str, value: str, *, limit_s: float = 10) -> int:
    """SIGKILL all that carries the mark, until nothing is left or `limit_s` is over; the number of processes killed.

    Repeated, since a process may be forking while it is looked for.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + limit_s
    while (found := find(name, value)) and time.monotonic() < deadline:
        for pid in found:
            _kill(pid)
        killed.update(found)
        time.sleep(0.02)
    return len(killed)


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has gone, or it is another user's
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return

"""Stops and continues a kernel with all its descendants; safe against processes that end meanwhile.

Children that save a snapshot are left running: a kernel is frozen exactly while its last snapshot is being read.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

SAVER = "migrator-save"  # the name that the C helper gives to its children
_ROUNDS = 5  # a descendant may fork while we walk; after a round without news all are stopped


def freeze(pid: int) -> None:
    """SIGSTOP for `pid` and its descendants, parents first, so that nobody goes on to start others."""
    stopped: list[int] = []
    for _ in range(_ROUNDS):
        news = [one for one in _family(pid) if one not in stopped]
        if not news:
            return
        for one in news:
            _signal(one, signal.SIGSTOP)
        stopped += news


def thaw(pid: int) -> None:
    """SIGCONT for `pid` and its descendants, children first."""
    for one in reversed(_family(pid)):
        _signal(one, signal.SIGCONT)


def kill_saver(pid: int) -> None:
    """SIGKILL for a child that saves a snapshot, unless the number belongs to another process by now."""
    with contextlib.suppress(OSError):
        if _name(pid) == SAVER:
            os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process of this number runs (a zombie does not)."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _family(pid: int) -> list[int]:
    """`pid` and all its descendants but savers, each after its parent."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                one = int(entry.name)
                if _name(one) != SAVER:
                    children.setdefault(int(_stat(one)[1]), []).append(one)
    family = [pid]
    for parent in family:
        family += children.get(parent, [])
    return family


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything, brackets too."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(errors="replace").rstrip("\n")

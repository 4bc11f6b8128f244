"""Stops and continues a kernel with all its descendants; safe against processes that end meanwhile.

Children that save a snapshot are left running: a kernel is frozen exactly while its last snapshot is being read.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

SAVER = "migrator-save"  # the name that the C helper gives to its children
_PARENT, _STARTED = 1, 19  # fields of /proc/PID/stat after the name, see proc(5)
_ROUNDS = 5  # a descendant may fork while we walk; after a round without news all are stopped


class Process(NamedTuple):
    """One process, never to be taken for a later one of the same number: `started` in clock ticks since boot."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now. ProcessLookupError if there is none."""
        try:
            return cls(pid, _stat(pid)[_STARTED])
        except OSError as error:
            raise ProcessLookupError(f"there is no process {pid}") from error

    @property
    def lives(self) -> bool:
        """Whether it still runs, or is stopped."""
        try:
            about = _stat(self.pid)
        except OSError:
            return False
        return about[_STARTED] == self.started and about[0] not in "ZX"


def freeze(kernel: Process) -> None:
    """SIGSTOP for a kernel and its descendants, parents first, so that nobody goes on to start others."""
    stopped: list[int] = []
    for _ in range(_ROUNDS):
        news = [one for one in _family(kernel) if one not in stopped]
        if not news:
            return
        for one in news:
            _signal(one, signal.SIGSTOP)
        stopped += news


def thaw(kernel: Process) -> None:
    """SIGCONT for a kernel and its descendants, children first."""
    for one in reversed(_family(kernel)):
        _signal(one, signal.SIGCONT)


def kill_saver(pid: int) -> None:
    """SIGKILL for a child that saves a snapshot, unless the number belongs to another process by now."""
    with contextlib.suppress(OSError):
        if _name(pid) == SAVER:
            os.kill(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _family(kernel: Process) -> list[int]:
    """The kernel, if it lives, and all its descendants but savers, each after its parent."""
    if not kernel.lives:
        return []
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                one = int(entry.name)
                if _name(one) != SAVER:
                    children.setdefault(int(_stat(one)[_PARENT]), []).append(one)
    family = [kernel.pid]
    for parent in family:
        family += children.get(parent, [])
    return family


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything, brackets too."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text(errors="replace").rstrip("\n")

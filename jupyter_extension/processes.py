"""Stops and continues whole terminals: a program that went on after the last snapshot would write into the void.

Reads /proc as described in proc(5); where there is none, nothing is found and nothing is stopped.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple


class Process(NamedTuple):
    """One line of /proc."""

    pid: int
    name: str
    parent: int
    session: int


def _all() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        yield Process(int(folder.name), name, int(fields[1]), int(fields[3]))


def children(pid: int) -> list[Process]:
    """The programs that run directly under this shell."""
    return [p for p in _all() if p.parent == pid]


def signal_sessions(leaders: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to every process of these terminals' sessions; who is gone already is no error."""
    wanted = set(leaders)
    for process in list(_all()):
        if process.session in wanted and process.pid != os.getpid():
            try:
                os.kill(process.pid, number)
            except (ProcessLookupError, PermissionError):
                continue

"""Keeps a frozen copy of the last boundary while a cell runs, so that the state before a long cell can be saved at any time.

Nobody can know that a cell will take an hour, and in its middle there is no boundary any more. So before a cell begins, if
cells have ended whose effects are in no copy yet, the kernel is forked, and the child sleeps: it does nothing at all until a
snapshot asks for it, and ends with the cell. That costs a few milliseconds, which a budget bounds: some copies at once after
a rest, since people run a handful of short cells and then a long one; then a small share of the kernel's time. A request
that was short each time before needs none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from typing import Any, Callable, NamedTuple

from . import cgroup, forking, wire
from .boundary import Boundaries
from .habits import Habits, Key, key

BURST = 8.0
SHARE = 0.015  # of the kernel's time; snapshots have as much again
TAIL_S = 0.025  # what follows a pause: two thousand pages that are written, and so copied; and the last copy's end
LIFE_S = 30.0  # a copy keeps every page that the cell changes; a snapshot is due long before


class Kept(NamedTuple):
    """A sleeping child: the boundary that it holds, our end of its socket, and what watches it."""

    pid: int
    pause: float
    last_msg_id: str | None
    sock: socket.socket
    job: Any

    def hand(self, request: dict[str, Any], base: bytes, fds: list[int]) -> None:
        """Let it save: `fds` are its pipe and its life line. OSError if it has just ended."""
        with self.sock:
            wire.send(self.sock, request, base, fds)


class Allowance:
    """How many copies may be made now: a few at once, more with time. Pure arithmetic; times of one monotonic clock."""

    def __init__(self) -> None:
        self._credit, self._at, self._interval = BURST, 0.0, TAIL_S / SHARE

    def spend(self, now: float) -> bool:
        """Take one, if there is one."""
        self._credit = min(BURST, self._credit + (now - self._at) / self._interval)
        self._at = now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True

    def cost(self, pause: float) -> None:
        """A copy held the kernel up for so many seconds."""
        self._interval = (pause + TAIL_S) / SHARE


class Reserve:
    """At most one copy. `make` gives the job of a child; `run` is the child's life, and does not return."""

    def __init__(
        self,
        boundaries: Boundaries,
        make: Callable[[], Any],
        run: Callable[[Any, forking.Forked, socket.socket], None],
        bury: Callable[[int], None],
    ) -> None:
        self._boundaries, self._make, self._run, self._bury = boundaries, make, run, bury
        self._allowance = Allowance()
        self._kept: list[Kept] = []  # one or none: `pop` settles which thread gets it
        self._copied: str | None = None
        self._habits = Habits()
        self._begun: tuple[Key | None, float] | None = None

    def begin(self) -> None:
        """From now on keep copies. Without the C helper there are none: only it forks beside libraries' threads."""
        if forking.ANY_THREAD and sys.platform == "linux":
            self._boundaries.before_cell, self._boundaries.after_cell = self._before_cell, self._after_cell

    def copied(self) -> None:
        """A snapshot forks at this boundary itself."""
        self._copied = self._boundaries.last_msg_id

    def take(self) -> Kept | None:
        """The copy of the last boundary, for a snapshot; None if there is none, or another cell has ended since."""
        try:
            kept = self._kept.pop()
        except IndexError:
            return None
        if kept.last_msg_id == self._boundaries.last_msg_id:
            return kept
        self._end(kept)
        return None

    def _before_cell(self, message: dict[str, Any]) -> None:
        request = key(message)
        if not self._habits.short(request):
            self._copy()
        self._begun = (request, time.monotonic())

    def _copy(self) -> None:
        if self._boundaries.last_msg_id == self._copied or not self._allowance.spend(time.monotonic()) or not _room():
            return
        ours, its = socket.socketpair()
        with its:
            started, job = time.perf_counter(), self._make()
            forked = forking.fork(order=its.fileno(), limit=LIFE_S)
            if forked.pid == 0:
                self._run(job, forked, its)
            self.copied()
            self._kept.append(Kept(forked.pid, forked.pause, self._copied, ours, job))
            self._allowance.cost(time.perf_counter() - started)

    def _after_cell(self, well: bool) -> None:
        if self._begun is not None:
            request, since = self._begun
            self._begun = None
            self._habits.ran(request, time.monotonic() - since, well=well)
        with contextlib.suppress(IndexError):
            self._end(self._kept.pop())

    def _end(self, kept: Kept) -> None:
        kept.sock.close()
        kept.job.progress.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(kept.pid, signal.SIGKILL)
        self._bury(kept.pid)


def _room() -> bool:
    """Whether the memory suffices even if the cell changes every page of the kernel while the copy is kept."""
    try:
        return cgroup.leaves(cgroup.resident())
    except (OSError, ValueError, StopIteration, IndexError):
        return False

"""Watches a child that saves, without ever waiting for it blindly: it may hang or crash at any object of the user's."""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from .progress import Progress
from .reaper import Reaper, outcome, wait

_TICK_S = 0.25  # how often a child is looked at; its end wakes us at once
_ENDING_TICK_S = 0.002
_ASLEEP_S = 3.0  # pickling computes; a child that sleeps so long waits for a thread that it does not have


def watch(
    conn: socket.socket, pid: int, progress: Progress, alive: int, hang_s: float, reaper: Reaper
) -> dict[str, Any]:
    """Until the child ends by itself or must be ended: what became of it, and the variable that it was at."""
    poller = select.poll()
    poller.register(alive, select.POLLIN | select.POLLHUP)
    poller.register(conn, select.POLLIN | select.POLLHUP)
    patience, tick = Patience(pid, progress, hang_s), _TICK_S
    while True:
        ready = {fd for fd, _ in poller.poll(tick * 1000)}
        status = wait(pid)
        if status is not None:
            return {**outcome(status), "culprit": progress.read().name}
        if conn.fileno() in ready:
            reaper.kill(pid)
            return {"outcome": "cancelled", "culprit": None}
        if alive in ready:
            poller.unregister(alive)  # it has closed all and will end in a moment
            tick = _ENDING_TICK_S
        if patience.exhausted():
            reaper.kill(pid)
            return {"outcome": "hung", "culprit": progress.read().name}


class Patience:
    """Tells when a child makes no progress any more: it computes for too long, or it sleeps and nothing will wake it."""

    def __init__(self, pid: int, progress: Progress, hang_s: float) -> None:
        self._pid = pid
        self._progress = progress
        self._hang_s = hang_s
        self._state, self._since = progress.read(), time.monotonic()
        self._ticks: int | None = None
        self._asleep_since = self._since

    def exhausted(self) -> bool:
        """Look; True if the child should be given up. One that waits for its reader is never."""
        now, state, ticks = time.monotonic(), self._progress.read(), _asleep(self._pid)
        if state.writing or state != self._state:
            self._state, self._since, self._asleep_since = state, now, now
        if ticks is None or ticks != self._ticks:
            self._ticks, self._asleep_since = ticks, now
        return now - self._since > self._hang_s or now - self._asleep_since > min(_ASLEEP_S, self._hang_s)


def _asleep(pid: int) -> int | None:
    """The processor time (in ticks) that a sleeping child has used; None while it runs or waits for the disk."""
    try:
        with open(f"/proc/{pid}/stat") as about:  # noqa: PTH123 - called often
            fields = about.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[11]) + int(fields[12]) if fields[0] == "S" else None

"""Ends the walk over an object that makes new ones for as long as it is looked at, before it has taken the machine's memory.

What an object's own code makes while it is reduced can have no end (`unittest.mock.call` before Python 3.11 answers for
`__getstate__` with another of its kind). Nothing in one object tells so; what it costs does.
"""

from __future__ import annotations

import os
from pathlib import Path

EACH = 4096  # reductions between two looks: a look costs some microseconds
ROOM = 1 << 30  # bytes that pickling may take, beside as much as the process had


class Endless(MemoryError):
    """Pickling took far more memory than the process had."""


class Growth:
    """Watches the memory of this process while it pickles."""

    def __init__(self) -> None:
        self._limit = 2 * _resident() + ROOM
        self._left = EACH

    def rest(self) -> None:
        """Begin anew: what was given up may not be free yet, and others must not pay for it."""
        self._limit = max(self._limit, _resident() + ROOM)

    def step(self) -> None:
        """Count one reduction; Endless if memory has run away."""
        self._left -= 1
        if self._left:
            return
        self._left = EACH
        if _resident() > self._limit:
            raise Endless("pickling it takes more and more memory: it seems to make new objects as it is looked at")


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0

"""Warns before the container's memory is used up: then the system kills whatever is largest, a kernel, and asks nobody.

What is there is saved at the warning, while the kernel can still be forked, and again when pressure has grown much since; the page
says so, and offers a bigger machine where there is one.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Callable

from jupyter_extension.kernel.cgroup import Memory, memory
from jupyter_extension.status import Status

LOOK_S = 1.0
ROOM = 192 << 20  # in a small container the share alone would come too late: a snapshot takes memory, too
AGAIN = 0.04  # of the limit: so much more in use is worth another snapshot
CALM = 0.05  # of the limit, below the warning: only then the warning is withdrawn
CAUSE = "memory"
SPARED = 6  # a snapshot's bytes under way, their packs and what is read ahead take three times the budget; the rest is the user's


def snapshot_budget(now: Memory | None) -> int:
    """How many bytes of a snapshot may be under way here: in a container that is nearly full, few.

    The system would not end the child that saves, but a kernel: in a pod both have the same standing, or nearly.
    """
    return (now.limit - now.used) // SPARED if now is not None else sys.maxsize


class MemoryWatch:
    """Looks every second; `share` of the limit is where the warning begins, 0 for never. `save` begins a snapshot."""

    def __init__(
        self,
        status: Status,
        save: Callable[[], None],
        *,
        share: float,
        look: Callable[[], Memory | None] = memory,
    ) -> None:
        self._status, self._save, self._share, self._look = status, save, share, look
        self._saved_at: float | None = None

    async def run(self) -> None:
        """Until cancelled; ends by itself where there is no limit."""
        while self._share and (now := self._look()) is not None:
            self.heed(now)
            await asyncio.sleep(LOOK_S)

    def heed(self, now: Memory) -> None:
        """So much is in use."""
        used, share = now.used / now.limit, min(self._share, 1 - ROOM / now.limit)
        if used >= share:
            if self._saved_at is None or used >= self._saved_at + AGAIN:
                self._saved_at = used
                self._alarm()
        elif used < share - CALM and self._saved_at is not None:
            self._saved_at = None
            if (self._status.notice or {}).get("cause") == CAUSE:
                self._status.clear()

    def _alarm(self) -> None:
        if self._status.notice is None:  # one that tells of the machine's end is worth more
            self._status.warn(CAUSE, None)
        self._save()

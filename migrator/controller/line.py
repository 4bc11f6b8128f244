"""Sessions whose places end at about the same time do not all save at the last moment: they stand in a line for it.

A node with fifty sessions on it has one network and a few processors, and its sessions share their gateways. Each session waits for
its standby until its turn; whoever's standby is ready before that saves then, and leaves the line.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

NEAR_S = 30.0
"""Deadlines so close to each other are of one event: the notices of one node take a moment to be taken."""


@dataclass
class Line:
    """`reserve_s` is what the last one has before its deadline, and each one before it `each_s` more."""

    reserve_s: float
    each_s: float
    _deadlines: dict[str, float] = field(default_factory=dict)

    def reserve(self, session: str, deadline: float) -> float:
        """Seconds before its deadline at which this session has to save; it stands in the line from now on."""
        self._deadlines[session] = deadline
        self._forget_the_past()
        own = (deadline, session)
        behind = [s for s, at in self._deadlines.items() if (at, s) > own and at - deadline < NEAR_S]
        return self.reserve_s + self.each_s * len(behind)

    def leave(self, session: str) -> None:
        """It has saved, or need not any more."""
        self._deadlines.pop(session, None)

    def _forget_the_past(self) -> None:
        now = time.time()
        for session in [s for s, at in self._deadlines.items() if at < now]:
            self.leave(session)

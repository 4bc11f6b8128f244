"""How long a session looks for a member that takes it: a refusal is often over in a moment, and a suspension is the last resort."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator.controller.marks import Plan
from migrator.controller.peers import Room
from migrator.controller.tools import Tools
from migrator.session import Record

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0


@dataclass
class Search:
    """The searches of this controller: when each began in vain, and how often it looked. Another one begins them anew."""

    tools: Tools
    _began: dict[str, float] = field(default_factory=dict)
    _looks: dict[str, int] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)

    def is_repeated(self, record: Record) -> bool:
        """Whether nobody took it before."""
        return record.id in self._began

    def tried(self, record: Record, plan: Plan) -> list[str]:
        """Who was asked in vain since the last pause; those before it are asked again."""
        return plan.tried[self._asked.get(record.id, 0) :]

    def is_over(self, record: Record, plan: Plan) -> bool:
        """Whether there is nothing to wait for any more: the patience, and the deadline if there is one, have passed."""
        began = self._began.get(record.id)
        waited = began is not None and time.monotonic() - began > self.tools.settings.room_wait_s
        return waited and (self.tools.deadline(record, plan) is None or self.tools.time_left(record, plan) <= 0)

    def rather_waits(self, record: Record, plan: Plan, rooms: Iterable[Room], choice: str) -> bool:
        """Whether `choice` is not worth asking yet: its machines are full, and one that has room was asked in vain.

        What failed there may be over in a moment; a pod without room waits until somebody makes some, which may be never.
        """
        fits = {room.member: room.fits for room in rooms}
        better = [each for each in self.tried(record, plan) if fits.get(each, 0) != 0]
        return fits[choice] == 0 and bool(better) and not self.is_over(record, plan)

    def is_urgent(self, record: Record, plan: Plan) -> bool:
        """Whether the source has to save before anything else."""
        return self.tools.spare(record, plan) <= 0

    async def pause(self, record: Record, plan: Plan) -> None:
        """Wait before the next look: longer each time, but not beyond the moment when something has to be done."""
        self._began.setdefault(record.id, time.monotonic())
        self._asked[record.id] = len(plan.tried)
        looks = self._looks[record.id] = self._looks.get(record.id, 0) + 1
        pause = min(FIRST_PAUSE_S * 2 ** (looks - 1), LONGEST_PAUSE_S)
        left, spare = self.tools.time_left(record, plan), self.tools.spare(record, plan)
        if left > 0:  # until then something may still have to be done
            pause = min(pause, left, spare if spare > 0 else left)
        await asyncio.sleep(max(0.05, pause))

    def forget(self, session: str) -> None:
        """It ended, one way or the other."""
        self._began.pop(session, None)
        self._looks.pop(session, None)
        self._asked.pop(session, None)

"""How often to look whether something has come to pass that may take a blink or a minute."""

from __future__ import annotations

import asyncio
import time

SHARE = 0.05


class Pace:
    """Pauses that grow with what has been waited: `first_s` at first, then a twentieth of it, and never more than `most_s`.

    So nobody notices the pause, and fifty that wait for a minute at the same time do not ask hundreds of times a second.
    """

    def __init__(self, first_s: float, most_s: float = 2.0) -> None:
        self._first, self._most = first_s, most_s
        self._began = time.monotonic()

    async def pause(self) -> None:
        """Until the next look."""
        await asyncio.sleep(self.length(time.monotonic() - self._began))

    def length(self, waited_s: float) -> float:
        """Of the pause after so many seconds."""
        return min(self._most, max(self._first, SHARE * waited_s))

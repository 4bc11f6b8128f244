"""When a page hears from its kernel again, by this machine's clock."""

from __future__ import annotations

import time
from typing import Any

from tests.rigs.browser import Lab


class Sockets:
    """The websockets of the page's kernels: when each was made, and when it brought something."""

    def __init__(self, lab: Lab) -> None:
        self._frames: list[tuple[float, float]] = []  # when the websocket was made, and when it brought something
        lab.page.on("websocket", self._made)

    def _made(self, websocket: Any) -> None:
        if "/channels" not in websocket.url:
            return
        made = time.time()
        websocket.on("framereceived", lambda _: self._frames.append((made, time.time())))

    def back(self, switched: float) -> float | None:
        """The first news on a websocket that was made after the route's switch: only the target can have sent it."""
        return min((at for made, at in self._frames if made >= switched), default=None)

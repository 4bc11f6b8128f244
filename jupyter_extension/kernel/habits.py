"""Remembers which requests are short each time, so that no copy of the kernel has to be kept while they run.

A copy in reserve is for the cell that turns out to be long. A loop that sends the same cell a thousand times, a slider that
is dragged, a cell that is run again and again: these are known after two runs. The first run of a text, which is the one
that matters, is never taken to be short; nor is one that failed, which often ends early.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Tuple

SHORT_S = 0.05  # longer than the boundary that a notice would have to wait for
RUNS = 2  # that were short, without a longer or a failed one since
_REMEMBERED = 256
Key = Tuple[Any, Any]


def key(message: dict[str, Any]) -> Key | None:
    """What makes two requests the same: the text of a cell, or the comm that is spoken to. None: it can't be told."""
    content, kind = message.get("content") or {}, (message.get("header") or {}).get("msg_type")
    what = content.get("code", content.get("comm_id"))
    return (kind, hash(what)) if isinstance(what, str) else None


class Habits:
    """How often each of the last few hundred requests was short, without exception."""

    def __init__(self) -> None:
        self._short: OrderedDict[Key, int] = OrderedDict()

    def short(self, request: Key | None) -> bool:
        """Whether it may be taken to be short again."""
        return request is not None and self._short.get(request, 0) >= RUNS

    def ran(self, request: Key | None, seconds: float, *, well: bool) -> None:
        """It took so long, and ended `well` or not."""
        if request is None:
            return
        before = self._short.pop(request, 0)
        if well and seconds < SHORT_S:
            self._short[request] = before + 1
        if len(self._short) > _REMEMBERED:
            self._short.popitem(last=False)

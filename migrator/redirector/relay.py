"""Passes an event stream on, one whole event at a time, and holds `ready` back until it has been heeded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.web import RequestHandler

Ready = Callable[[dict[str, Any]], Awaitable[None]]
LONGEST = 2**20


class EventRelay:
    """`feed` takes chunks as they come; events are written in order by a task of their own."""

    def __init__(self, handler: RequestHandler, ready: Ready) -> None:
        self._handler = handler
        self._ready = ready
        self._rest = b""
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._pass_on())

    def feed(self, chunk: bytes) -> None:
        """Take bytes; events may be cut anywhere."""
        *events, self._rest = (self._rest + chunk).split(b"\n\n")
        for event in events:
            self._events.put_nowait(event + b"\n\n")
        if len(self._rest) > LONGEST:
            raise ValueError("an event of the member's stream is too long")

    async def end(self) -> None:
        """Wait until everything is written."""
        if self._rest:
            self._events.put_nowait(self._rest)
        self._events.put_nowait(None)
        await self._task

    async def _pass_on(self) -> None:
        while (event := await self._events.get()) is not None:
            data = _data(event)
            if data.get("phase") == "ready":
                await self._ready(data)
            self._handler.write(event)
            await self._handler.flush()


def _data(event: bytes) -> dict[str, Any]:
    if not event.lstrip().startswith(b"data:"):
        return {}
    try:
        value = json.loads(event.lstrip()[5:])
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

"""Our background tasks: none ends in silence, and none that fails touches the user's server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Awaitable, Callable

from jupyter_extension.errors import FencedOut
from jupyter_extension.status import Status


class Tasks:
    """All that run; `fenced` is called when one hears that the session has another owner."""

    def __init__(self, status: Status, fenced: Callable[[], Awaitable[None]], log: logging.Logger) -> None:
        self._status, self._fenced, self._log = status, fenced, log
        self._running: list[asyncio.Task[Any]] = []

    def spawn(self, name: str, work: Any) -> asyncio.Task[Any]:
        """Run it; `name` is how the log and the page call it."""
        task = asyncio.ensure_future(self._guarded(name, work))
        self._running = [each for each in self._running if not each.done()] + [task]
        return task

    async def cancel(self) -> None:
        """End all and wait for their end."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _guarded(self, name: str, work: Any) -> None:
        try:
            await work
        except FencedOut as e:
            self._log.warning("%s: %s", name, e)
            await self._fenced()
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - logged; the user's server goes on
            self._log.exception("the session migrator's %s stopped working", name)
            self._status.failed(f"saving has stopped: {name} failed; the server's log says why")

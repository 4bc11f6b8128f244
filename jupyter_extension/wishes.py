"""What the user may ask of the hub beyond this server: a copy of the session, or a machine of another kind."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Dict

from jupyter_extension.errors import WishRefused
from jupyter_extension.link import Link
from jupyter_extension.restore.copied import mark_home
from jupyter_extension.status import Status
from migrator.snapshot.workers import in_thread

JsonDict = Dict[str, Any]
RETRY_S = 30.0


class Wishes:
    """Passed on to the gateway, which passes them on to the controller. What can't be had is WishRefused, in words for the user."""

    def __init__(self, link: Link, status: Status, home: str, log: logging.Logger) -> None:
        self._link, self._status, self._home, self._log = link, status, home, log

    async def learn(self) -> None:
        """What is offered, asked until there is an answer: a page shows nothing else."""
        while not await self._ask_for_offers():  # noqa: ASYNC110 - nobody could tell us when the controller is back
            await asyncio.sleep(RETRY_S)

    async def _ask_for_offers(self) -> bool:
        try:
            self._status.offer(await self._link.ask("GET", "offers"))
        except WishRefused as e:
            self._log.info("it is not known what pages may ask for: %s", e)
            return False
        return True

    async def copy(self) -> JsonDict:
        """`{"copy": id}` of a copy that is being made of the newest durable snapshot."""
        try:
            await in_thread(mark_home, self._home, self._status.session)
        except OSError as e:
            raise WishRefused(f"The home folder can't be written to ({e.strerror}): make room, then try again.") from e
        return await self._link.ask("POST", "copies", {})

    async def copy_state(self, copy: str) -> JsonDict:
        """`{"state": "copying|starting|ready|failed", "url", "reason"}`: how far it is, and where."""
        return await self._link.ask("GET", f"copies/{copy}")

    async def move(self, profile: str) -> JsonDict:
        """On to a machine of this kind: `{}` when the move has begun."""
        return await self._link.ask("POST", "move", {"profile": profile})

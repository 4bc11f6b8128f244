"""The line to the gateway over time: the first answer, awaited for as long as it takes, and the lease ever after."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Awaitable, Callable

from jupyter_extension.errors import ExtensionError
from jupyter_extension.freezer import Freezer
from jupyter_extension.lease import Lease
from jupyter_extension.link import Link, SessionInfo, first_answer
from jupyter_extension.settings import Settings
from jupyter_extension.status import Status

SILENT = (
    "the place where sessions are kept does not answer. All is saved as soon as it does; until then keep this page open, "
    "and copy to your own computer what you can't spare"
)
HELD = f"{SILENT}. Cells stand still meanwhile, since your session may have been started elsewhere"
FAREWELL_S = 2.0  # what follows may not be kept from beginning by a gateway that is away


class Contact:
    """What this server hears from the gateway, and what it does when it hears nothing."""

    def __init__(self, link: Link, status: Status, settings: Settings, log: logging.Logger) -> None:
        self._link, self._status, self._settings, self._log = link, status, settings, log
        self.held = False  # whether the kernels stand still because nothing was heard

    async def first(self) -> SessionInfo:
        """Who we are; asked again until there is an answer. Raises FencedOut."""
        return await first_answer(self._link, self._settings.retry_limit_s, self._unheard)

    def _unheard(self, problem: str) -> None:
        self._log.warning("%s; trying again", problem)
        self._status.failed(problem)

    async def farewell(self, description: dict[str, Any]) -> None:
        """Have the record say that this server was told to stop: one that is gone without a farewell was killed."""
        if self._status.state not in ("running", "freezing", "frozen"):
            return
        try:
            await asyncio.wait_for(self._link.alive({**description, "state": "stopping"}), FAREWELL_S)
        except (ExtensionError, asyncio.TimeoutError) as e:
            self._log.warning(
                "nobody heard that this server stops, so that its session may be started elsewhere: %s", e
            )

    def lease(
        self,
        info: SessionInfo,
        freezer: Freezer,
        describe: Callable[[], dict[str, Any]],
        fenced: Callable[[], Awaitable[None]],
        told: Callable[[dict[str, Any]], None],
    ) -> Lease:
        """The lease under which kernels may run: without it they are held, with it they go on."""

        async def lost() -> None:
            if self._status.state == "running":
                self.held = True
                self._status.failed(HELD)
                await freezer.hold()

        def heard(answer: dict[str, Any]) -> None:
            if self._status.problem in (SILENT, HELD):
                self._status.mended()
            told(answer)

        async def found() -> None:
            if self.held and self._status.state == "frozen":
                self.held = False
                await freezer.thaw()

        return Lease(
            self._link,
            epoch=info.epoch,
            lease_s=info.lease_s,
            interval_s=self._settings.alive_interval_s,
            describe=describe,
            lost=lost,
            found=found,
            fenced=fenced,
            unheard=lambda: self._status.failed(SILENT),
            log=self._log,
            told=heard,
        )

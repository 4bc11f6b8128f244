"""The lease: kernels run only while the gateway, which knows who owns the session, is heard."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Awaitable, Callable

from jupyter_extension.errors import FencedOut, GatewayRefused, GatewayUnreachable
from jupyter_extension.link import Link

IMPATIENT_S = 1.0
WORRYING = 3
"""A third of the lease without an answer is more than a gateway that was started anew: somebody should know."""


class Lease:
    """Says "alive", hears whether the epoch still stands, and reports silence."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        link: Link,
        *,
        epoch: int,
        lease_s: float,
        interval_s: float,
        describe: Callable[[], dict[str, Any]],
        lost: Callable[[], Awaitable[None]],
        found: Callable[[], Awaitable[None]],
        fenced: Callable[[], Awaitable[None]],
        log: logging.Logger,
        unheard: Callable[[], None] = lambda: None,
        told: Callable[[dict[str, Any]], None] = lambda _answer: None,
    ) -> None:
        self._link, self._epoch, self._lease_s, self._interval = link, epoch, lease_s, interval_s
        self._describe, self._lost, self._found, self._fenced = describe, lost, found, fenced
        self._unheard, self._log, self._told = unheard, log, told
        self._heard = time.monotonic()
        self._is_lost = False

    async def run(self) -> None:
        """Until cancelled or fenced."""
        while True:
            sent = time.monotonic()
            answer = await self._ask()
            if answer is not None and int(answer.get("epoch", self._epoch)) > self._epoch:
                await self._fenced()
                return
            if answer is not None:
                self._heard = sent
                self._lease_s = float(answer.get("lease_s", self._lease_s))
                if self._is_lost:
                    self._is_lost = False
                    await self._found()
                self._told(answer)
            pause = self._interval if answer is not None else IMPATIENT_S
            await asyncio.sleep(min(pause, max(self._lease_s / 4, 0.05)))

    async def _ask(self) -> dict[str, Any] | None:
        """One sign of life; None without an answer. The silence is watched while we wait for it."""
        asking = asyncio.ensure_future(self._link.alive(self._describe()))
        while not asking.done():
            left = self._heard + self._lease_s - time.monotonic()
            done, _ = await asyncio.wait({asking}, timeout=max(left, 0) if not self._is_lost else None)
            if not done and left <= 0 and not self._is_lost:
                await self._silence()
        try:
            return asking.result()
        except FencedOut:
            await self._fenced()
            raise
        except (GatewayUnreachable, GatewayRefused) as e:
            self._log.warning("no sign of life from the gateway: %s", e)
        silent_s = time.monotonic() - self._heard
        if not self._is_lost and silent_s > self._lease_s:
            await self._silence()
        elif not self._is_lost and silent_s > self._lease_s / WORRYING:
            self._unheard()
        return None

    async def _silence(self) -> None:
        self._is_lost = True
        self._log.warning("the gateway was silent for %.0f s: the kernels are stopped until it is heard", self._lease_s)
        await self._lost()

"""Copies ahead: a session runs on while what it has saved travels, and stands still only for the rest.

For virtual machines this is pre-copy migration (Clark et al., "Live Migration of Virtual Machines", NSDI 2005). Here the rounds are
the session's snapshots: one is taken at the notice, and the standby fetches each as it appears.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import Any

from migrator.controller.marks import Plan
from migrator.controller.tools import Tools
from migrator.serving.client import ServiceError
from migrator.serving.pace import Pace
from migrator.session import Owner, Record

POLL_S = 0.2
URGENT_LOOK_S = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Precopy:
    """Says when the source should stand still."""

    tools: Tools

    async def done(self, record: Record, plan: Plan, standby: asyncio.Task[dict[str, Any]]) -> None:
        """Until `standby` holds what was saved since `record` was read; not longer than `precopy_limit_s`, nor into the reserve.

        Raises what the standby's start raised.
        """
        answer = await self._answer(record, plan, standby)
        end, pace = time.monotonic() + self.tools.settings.precopy_limit_s, Pace(POLL_S)
        while answer is not None and self.tools.spare(record, plan) > 0 and time.monotonic() < end:
            if await self._holds_all(record, answer["address"]):
                return
            await pace.pause()

    async def _answer(self, record: Record, plan: Plan, standby: asyncio.Task[dict[str, Any]]) -> dict[str, Any] | None:
        """What the standby says when it is up; None if there is no time to wait for it."""
        while (spare := self.tools.spare(record, plan)) > 0:
            done, _ = await asyncio.wait({standby}, timeout=min(URGENT_LOOK_S, spare))
            if done:
                return standby.result()
        return None

    async def _holds_all(self, record: Record, address: str) -> bool:
        fresh = await self.tools.records.get(record.id)
        if fresh.target is None or fresh.snapshot == record.snapshot:
            return False
        place = Owner(fresh.target.member, fresh.target.server, address)
        try:
            status = await self.tools.pod(replace(fresh, epoch=fresh.epoch + 1), place).status()
        except ServiceError as error:
            log.warning("the standby does not say how far it is: %s", error)
            return False
        return bool(status.get("prepared") == fresh.snapshot)

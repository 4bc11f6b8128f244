"""Makes the source silent: from here on it runs nothing, so that its successor may.

There are three ways to be sure: it froze and said so; its processes have ended, in the words of whoever ended them; or its
lease has run out after the fence, since a pod that cannot reach its gateway freezes by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from migrator.controller.errors import SourceRefused
from migrator.controller.marks import Plan, changed_plan, is_restored, quiet_at
from migrator.controller.precopy import Precopy
from migrator.controller.tools import Tools, need_plan
from migrator.serving.client import NoAnswer, Refused, ServiceError
from migrator.session import Owner, Record, phases

RETRY_S = 0.5
LEASE_MARGIN_S = 2.0
ANSWER_S = 2.0
PROOF_S = 10.0
"""So long the proof of an end is awaited. The lease that counts without it begins only at the fence, which waits as long."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Silence:
    """Makes sources silent."""

    tools: Tools

    async def of(self, record: Record, standby: asyncio.Task[Any] | None) -> float:
        """Seconds after the fence from which the target may run; 0 if the source is certainly silent.

        Raises:
            SourceRefused: it lives, cannot save, and there is no deadline that would force us.
        """
        plan = need_plan(record)
        if record.owner is None:
            return max(0.0, quiet_at(record) - time.time())
        if plan.way == "lost" or not is_restored(record) or record.owner.address is None:
            return await self.end(record)
        if not plan.saved and self.tools.time_left(record, plan) > ANSWER_S:  # otherwise the freeze itself tells
            await self._tell(record, record.owner, plan)
        if plan.way == "live" and standby is not None:
            await Precopy(self.tools).done(record, plan, standby)
        if await self.freeze(record, record.owner):
            if plan.deadline is not None:
                await self._shield(record, record.owner)
            return 0.0
        return await self._end_unheard(record)

    async def freeze(self, record: Record, owner: Owner) -> bool:
        """Have the source save and stop; False if it is dead, or will be before it can.

        A source that froze before is asked again: only its own word, now, counts. One that takes the call and does not answer has a
        second chance before its deadline: a machine that all sessions leave at the same time is busy.
        """
        plan, chances = need_plan(record), 2
        if owner.address is None:  # it never got as far as to say where it is
            return False
        while True:
            try:
                snapshot = await self._ask_to_freeze(record, owner, plan)
            except Refused as error:
                log.warning("the source cannot save now: %s", error)
                if self.tools.time_left(record, plan) == float("inf"):
                    raise SourceRefused(str(error)) from error
                if self.tools.time_left(record, plan) < 2 * RETRY_S:
                    return False
            except ServiceError as error:
                log.warning("the source does not answer: %s", error)
                chances -= 1
                left = self.tools.time_left(record, plan)
                if not (isinstance(error, NoAnswer) and chances and ANSWER_S < left < float("inf")):
                    return False
            else:
                await self._note_saved(record, snapshot)
                return True
            await asyncio.sleep(RETRY_S)

    async def end(self, record: Record, limit_s: float = PROOF_S) -> float:
        """Have the source's hub end its server; without proof that its processes have ended its lease has to run out."""
        if record.owner is None:
            return 0.0
        try:
            answer = await self.tools.peers.tend(record.owner.member, record.id, limit_s)
        except ServiceError as error:
            log.warning("the end of the source cannot be confirmed: %s", error)
            answer = {}
        if answer.get("dead"):
            await self.tools.note(record.id, "ended", {"member": record.owner.member})
            return 0.0
        return self.lease_s

    @property
    def lease_s(self) -> float:
        """After a fence, until the former owner has heard of it or stands still by itself."""
        return self.tools.settings.lease_s + LEASE_MARGIN_S

    async def _shield(self, record: Record, owner: Owner) -> None:
        """The machine may go before the target is up, and its hub would then take the route away: pages wait from now on."""
        try:
            await self.tools.peers.tend(owner.member, record.id)
        except ServiceError as error:
            log.warning("the source's pages are not kept waiting: %s", error)

    async def _ask_to_freeze(self, record: Record, owner: Owner, plan: Plan) -> str | None:
        """The pod gives up the new snapshot at the deadline, and then names the last durable one."""
        limit = self.tools.settings.freeze_timeout_s
        deadline = min(time.time() + limit, self.tools.deadline(record, plan) or float("inf"))
        left = max(1.0, deadline - time.time())
        return await self.tools.pod(record, owner).freeze(deadline, left + ANSWER_S)

    async def _note_saved(self, record: Record, snapshot: str | None) -> None:
        def change(fresh: Record) -> Record:
            if not need_plan(fresh).saved:
                fresh = phases.noted(fresh, "frozen", {})
                fresh = phases.noted(fresh, "durable", {"snapshot": snapshot})
            return changed_plan(fresh, saved=True)

        await self.tools.update(record.id, change)
        self.tools.line.leave(record.id)

    async def _end_unheard(self, record: Record) -> float:
        """It does not answer, and yet it may be saving everything: one that is told to stop takes no more calls."""
        wait_s = await self.end(await self.tools.update(record.id, lambda fresh: changed_plan(fresh, way="lost")))
        await self.tools.update(record.id, _lost_unless_saved)
        return wait_s

    async def _tell(self, record: Record, owner: Owner, plan: Plan) -> None:
        """Tell the page and begin to save; that this fails tells nothing yet."""
        try:
            await self.tools.pod(record, owner).notice(plan.cause, self.tools.deadline(record, plan))
        except ServiceError as error:
            log.warning("the source could not be told: %s", error)


def _lost_unless_saved(record: Record) -> Record:
    return record if phases.is_saved_to_the_end(record) else phases.noted(record, "lost", {})

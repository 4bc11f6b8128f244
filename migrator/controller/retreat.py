"""What becomes of a session when a step of its move fails: another target, the place where it is, or a rest."""

from __future__ import annotations

import logging
import time
from typing import cast

from migrator.controller.marks import Plan, changed_plan, is_restored, with_door, with_plan, with_quiet_at
from migrator.controller.silence import Silence
from migrator.controller.tools import Tools, need_plan
from migrator.session import Owner, Record, phases

log = logging.getLogger(__name__)


class Retreat:
    """The ways out of a move; each leaves a record that can be gone on from."""

    def __init__(self, tools: Tools, silence: Silence) -> None:
        self._tools, self._silence = tools, silence

    async def next_target(self, record: Record, reason: str) -> None:
        """This one does not take it: choose another."""
        log.warning("another target is needed: %s", reason)
        await self._tools.update(record.id, lambda fresh: _without_target(fresh, reason))

    async def leave_target(self, record: Record, owner: Owner, reason: str) -> None:
        """The new owner cannot restore: on to another one, under yet another epoch."""
        log.error("%s could not restore the session: %s", owner.member, reason)

        def change(fresh: Record) -> Record:
            if fresh.epoch != record.epoch or fresh.phase == "moving":
                return fresh
            fresh = phases.noted(phases.begin_move(fresh), "failed", {"member": owner.member, "reason": reason[:300]})
            return changed_plan(fresh, tried=[*need_plan(fresh).tried, owner.member], saved=False)

        await self._tools.update(record.id, change)

    async def give_up(self, record: Record, reason: str) -> None:
        """Stay where it is as long as that place stays; else suspend it."""
        plan = need_plan(record)
        if is_alive(record, plan) and self._tools.deadline(record, plan) is None:
            await self.stay(record, reason)
        else:
            await self.suspend_alive(record, reason)

    async def suspend_alive(self, record: Record, reason: str) -> None:
        """Suspend a session whose source may still have something to save."""
        plan = need_plan(record)
        if is_alive(record, plan) and not plan.saved:
            await self._silence.freeze(record, cast("Owner", record.owner))
        await self.suspend(record, reason)

    async def stay(self, record: Record, reason: str) -> None:
        """The source goes on as if nothing had been."""
        log.warning("the move is called off: %s", reason)

        def change(fresh: Record) -> Record:
            fresh = phases.noted(phases.cancel_move(fresh), "failed", {"reason": reason[:300]})
            return with_plan(fresh, None)

        plan = need_plan(record)
        await self._tools.update(record.id, change)
        if record.owner is not None:
            await self._tools.pod(record, record.owner).thaw()
        await self._tools.peers.tend_all({*plan.tried, *([record.owner.member] if record.owner else [])}, record.id)
        self._tools.outcomes.labels(plan.way, "called-off").inc()

    async def suspend(self, record: Record, reason: str) -> None:
        """No server any more, until somebody asks for it again."""

        def change(fresh: Record) -> Record:
            if fresh.phase == "suspended":
                return fresh
            owner = fresh.owner
            silent = owner is None or need_plan(fresh).saved
            fresh = phases.noted(phases.suspend(fresh), "reason", {"reason": reason[:300]})
            fresh = with_quiet_at(fresh, 0.0 if silent else time.time() + self._silence.lease_s)
            return with_door(fresh, owner.member) if owner else fresh

        await self._tools.update(record.id, change)


def is_alive(record: Record, plan: Plan) -> bool:
    """Whether the source may still have something to save."""
    return record.owner is not None and is_restored(record) and plan.way != "lost"


def as_it_was(record: Record) -> Record:
    """Nobody has a machine of the kind that was asked for, and the source has ended for it: one of its own kind will do."""
    if not need_plan(record).profile:
        return record
    reason = f"no machine of the kind {need_plan(record).profile}: back to the former kind"
    return changed_plan(phases.noted(record, "failed", {"reason": reason}), profile="", tried=[])


def _without_target(record: Record, reason: str) -> Record:
    if record.target is None:
        return record
    tried = [*need_plan(record).tried, record.target.member]
    record = phases.noted(
        phases.retarget(record, None), "failed", {"member": record.target.member, "reason": reason[:300]}
    )
    return changed_plan(record, tried=tried)

"""The steps of a move. Each reads the record, does one thing, and writes how far it got, so that it can be done again.

choose -> transfer -> activate -> finish          a move, a resumption
put_away -> finish                                a suspension
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, cast

from migrator.controller.errors import SourceRefused, TargetFailed
from migrator.controller.hand_over import HandOver
from migrator.controller.marks import (
    Plan,
    doors_of,
    image_of,
    is_restored,
    needs_of,
    plan_of,
    server_of,
    with_plan,
    with_restored,
)  # fmt: skip
from migrator.controller.placement import ranked
from migrator.controller.retreat import Retreat, as_it_was, is_alive
from migrator.controller.search import Search
from migrator.controller.silence import Silence
from migrator.controller.tools import Tools, need_plan
from migrator.serving.client import ServiceError
from migrator.session import Owner, Record, Target, phases

OPENING_S = 2.0  # a member that takes longer to open its doors does not keep the pages of the others waiting
Step = Callable[[Record], Awaitable[None]]
log = logging.getLogger(__name__)


class Steps:
    """All steps, and which one is next."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._silence = Silence(tools)
        self._search = Search(tools)
        self._hand_over = HandOver(tools, self._silence)
        self._retreat = Retreat(tools, self._silence)

    def next(self, record: Record) -> Step | None:
        """What has to be done for a record as it stands; None if nothing."""
        plan = plan_of(record)
        if plan is None:
            return None
        if record.phase == "moving":
            if plan.way == "suspend":
                return self.put_away
            return self.choose if record.target is None else self.transfer
        if record.phase in {"active", "starting"} and not is_restored(record):
            return self.activate
        return self.finish

    async def choose(self, record: Record) -> None:
        """Find a member for the session; without one it stays where it is, or waits for one, and is suspended at last."""
        plan = need_plan(record)
        source = record.owner.member if record.owner else None
        excluded = {*self._search.tried(record, plan), *([source] if source and not self._may_stay(record) else [])}
        image = image_of(record)
        rooms = await self._tools.peers.rooms(image["digest"] if image else "", needs_of(record))
        names = ranked(rooms, without=excluded, only=plan.only, last=source)
        if not names:
            whys = [f"{room.member}: {room.why}" for room in rooms if room.why and room.member not in excluded]
            await self._search_on(record, "; ".join(["no member takes it", *whys]))
            return
        stands = is_alive(record, plan) and self._tools.deadline(record, plan) is None
        if not stands and self._search.rather_waits(record, plan, rooms, names[0]):
            await self._search_on(record, f"{names[0]}: its machines are full, and who has room was asked in vain")
            return
        target = Target(names[0], server_of(record))
        await self._tools.update(record.id, lambda fresh: phases.retarget(fresh, target))

    async def _search_on(self, record: Record, reason: str) -> None:
        """Nobody takes it now. That may pass, so that it waits as long as there is something to wait for."""
        plan = need_plan(record)
        if plan.profile and not is_alive(record, plan):
            await self._tools.update(record.id, as_it_was)
            return
        if is_alive(record, plan) and self._tools.deadline(record, plan) is None:
            await self._retreat.stay(record, reason)
        elif self._search.is_over(record, plan):
            await self._retreat.suspend_alive(record, reason)
        else:
            if not self._search.is_repeated(record):
                await self._tools.note(record.id, "waiting", {"reason": reason})
            if is_alive(record, plan) and not plan.saved and self._search.is_urgent(record, plan):
                await self._silence.freeze(record, cast("Owner", record.owner))
            await self._search.pause(record, plan)

    async def transfer(self, record: Record) -> None:
        """Standby up, source silent, fence."""
        try:
            answer, wait_s = await self._hand_over.prepare(record)
        except TargetFailed as error:
            await self._retreat.next_target(record, str(error))
        except SourceRefused as error:
            await self._retreat.give_up(record, f"the source cannot save: {error}")
        else:
            await self._hand_over.fence(record, answer, wait_s)

    async def activate(self, record: Record) -> None:
        """Have the new owner restore the session, not before the former one is certainly silent."""
        plan, owner = need_plan(record), record.owner
        if owner is None:
            raise ValueError(f"session {record.id} has no owner to restore")
        await asyncio.sleep(max(0.0, plan.run_after - time.time()))
        try:
            report = await self._tools.pod(record, owner).activate(
                record.snapshot, self._tools.settings.activate_timeout_s
            )
        except ServiceError as error:
            await self._retreat.leave_target(record, owner, str(error))
            return
        await self._tools.update(
            record.id, lambda fresh: phases.noted(with_restored(fresh), "restored", _summary(report))
        )

    async def finish(self, record: Record) -> None:
        """Lead all pages to the session, end what is left behind, and close the plan.

        The source comes last: it sends its pages away, and their way must be open by then.
        """
        plan = need_plan(record)
        source = {plan.source_owner.member} if plan.source_owner else set()
        others = {*doors_of(record), *plan.tried, *([record.owner.member] if record.owner else [])} - source
        opening = asyncio.create_task(self._tools.peers.tend_all(others, record.id))
        await asyncio.wait({opening}, timeout=OPENING_S)
        unreached = await self._tools.peers.tend_all(source, record.id) + await opening
        event = {"active": "routed", "starting": "routed"}.get(record.phase)

        def change(fresh: Record) -> Record:
            if not _is_at_the_same_end(record, fresh):
                return fresh
            if event:
                fresh = phases.noted(fresh, event, {"unreached": unreached})
            return _closed(fresh)

        await self._tools.update(record.id, change)
        self._tools.deadlines.pop(record.id, None)
        self._tools.line.leave(record.id)
        self._search.forget(record.id)
        self._tools.outcomes.labels(plan.way, record.phase).inc()

    async def put_away(self, record: Record) -> None:
        """Save and let go of the server."""
        plan = need_plan(record)
        try:
            frozen = plan.saved or record.owner is None or await self._silence.freeze(record, record.owner)
        except SourceRefused as error:
            await self._retreat.stay(record, str(error))
            return
        if not frozen:
            log.warning("the source died before it could save; its last durable snapshot counts")
        await self._retreat.suspend(record, plan.cause)

    def _may_stay(self, record: Record) -> bool:
        """Whether the source's own hub may start the session again: not if it is its machine that goes away."""
        plan = need_plan(record)
        source = plan.source_owner
        return source is not None and plan.machine != source.member


def _is_at_the_same_end(record: Record, fresh: Record) -> bool:
    """Whether nobody closed the plan meanwhile; the one that is there could be that of the next move, which has only begun."""
    before, now = plan_of(record), plan_of(fresh)
    same_plan = before is not None and now is not None and before.way == now.way
    return same_plan and (_settled_phase(record), record.epoch) == (_settled_phase(fresh), fresh.epoch)


def _settled_phase(record: Record) -> str:
    """Its phase, where a start that became known meanwhile is no difference."""
    return "active" if record.phase == "starting" else record.phase


def _closed(record: Record) -> Record:
    """Without a plan, or with that of the resumption which was asked for meanwhile."""
    plan, record = plan_of(record), with_plan(record, None)
    if plan is None or not plan.then or record.phase != "suspended":
        return record
    resumption = Plan("resume", plan.then["cause"], plan.driver, only=plan.then["only"], source_epoch=record.epoch)
    detail = {"cause": resumption.cause, "deadline": None, "way": "resume"}
    return with_plan(phases.noted(phases.begin_resume(record), "notice", detail), resumption)


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    """A report without its lists: the page gets them from the pod, the record stays small."""
    return {key: len(value) if isinstance(value, (list, dict)) else value for key, value in report.items()}


def source_of(record: Record) -> dict[str, Any] | None:
    """The owner as a plan keeps it."""
    return asdict(record.owner) if record.owner else None

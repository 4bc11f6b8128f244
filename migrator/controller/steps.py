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
from migrator.controller.marks import (
    Plan,
    changed_plan,
    doors_of,
    image_of,
    is_restored,
    needs_of,
    plan_of,
    server_of,
    with_door,
    with_plan,
    with_profile,
    with_quiet_at,
    with_restored,
)  # fmt: skip
from migrator.controller.placement import ranked
from migrator.controller.search import Search
from migrator.controller.silence import Silence
from migrator.controller.tools import Tools, need_plan
from migrator.serving.client import ServiceError
from migrator.session import Owner, PhaseError, Record, Target, phases

OPENING_S = 2.0  # a member that takes longer to open its doors does not keep the pages of the others waiting
STOP_S = 60.0  # for a hub that has to end a server before it can start it again
Step = Callable[[Record], Awaitable[None]]
log = logging.getLogger(__name__)


class Steps:
    """All steps, and which one is next."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._silence = Silence(tools)
        self._search = Search(tools)

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
            await self._search_on(record)
            return
        target = Target(names[0], server_of(record))
        await self._tools.update(record.id, lambda fresh: phases.retarget(fresh, target))

    async def _search_on(self, record: Record) -> None:
        """Nobody takes it now. That may pass, so that it waits as long as there is something to wait for."""
        plan, reason = need_plan(record), "no member takes it"
        if plan.profile and not self._is_alive(record, plan):
            await self._tools.update(record.id, _as_it_was)
            return
        if self._is_alive(record, plan) and self._tools.deadline(record, plan) is None:
            await self._stay(record, reason)
        elif self._search.is_over(record, plan):
            await self._suspend_alive(record, reason)
        else:
            if not self._search.is_repeated(record):
                await self._tools.note(record.id, "waiting", {"reason": reason})
            if self._is_alive(record, plan) and not plan.saved and self._search.is_urgent(record, plan):
                await self._silence.freeze(record, cast("Owner", record.owner))
            await self._search.pause(record, plan)

    async def transfer(self, record: Record) -> None:
        """Standby up, source silent, fence."""
        try:
            answer, wait_s = await self._prepare(record)
        except TargetFailed as error:
            await self._next_target(record, str(error))
        except SourceRefused as error:
            await self._give_up(record, f"the source cannot save: {error}")
        else:
            await self._fence(record, answer, wait_s)

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
            await self._leave_target(record, owner, str(error))
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
        opening = asyncio.create_task(self._tend_all(record, others))
        await asyncio.wait({opening}, timeout=OPENING_S)
        unreached = await self._tend_all(record, source) + await opening
        event = {"active": "routed", "starting": "routed"}.get(record.phase)

        def change(fresh: Record) -> Record:
            if not _is_at_the_same_end(record, fresh):
                return fresh
            if event:
                fresh = phases.noted(fresh, event, {"unreached": unreached})
            return _closed(fresh)

        await self._tools.update(record.id, change)
        self._tools.deadlines.pop(record.id, None)
        self._search.forget(record.id)
        self._tools.outcomes.labels(plan.way, record.phase).inc()

    async def put_away(self, record: Record) -> None:
        """Save and let go of the server."""
        plan = need_plan(record)
        try:
            frozen = plan.saved or record.owner is None or await self._silence.freeze(record, record.owner)
        except SourceRefused as error:
            await self._stay(record, str(error))
            return
        if not frozen:
            log.warning("the source died before it could save; its last durable snapshot counts")
        await self._suspend(record, plan.cause)

    async def _prepare(self, record: Record) -> tuple[dict[str, Any], float]:
        target = record.target
        if target is None:
            raise ValueError(f"session {record.id} has no target")
        if record.owner is not None and record.owner.member == target.member:
            wait_s = await self._make_way(record)
            return await self._standby(record, target), wait_s
        standby = asyncio.create_task(self._standby(record, target))
        try:
            wait_s = await self._silence.of(record, standby)
            return await standby, wait_s
        finally:
            standby.cancel()

    async def _make_way(self, record: Record) -> float:
        """The same hub starts the session again: its server there has to end first. If it froze, its own word is enough."""
        wait_s = await self._silence.of(record, None)
        fresh = await self._tools.update(record.id, lambda r: changed_plan(r, way="lost"))
        return min(wait_s, await self._silence.end(fresh, STOP_S))

    async def _standby(self, record: Record, target: Target) -> dict[str, Any]:
        try:
            answer = await self._tools.peers.host(
                target.member, record.id, record.epoch + 1, self._tools.settings.host_timeout_s
            )
        except (ServiceError, KeyError) as error:
            raise TargetFailed(f"{target.member}: {error}") from error
        await self._tools.note(record.id, "standby", {"member": target.member})
        return answer

    async def _fence(self, record: Record, answer: dict[str, Any], wait_s: float) -> None:
        def change(fresh: Record) -> Record:
            if fresh.epoch != record.epoch or fresh.target is None or record.target is None:
                raise PhaseError(f"session {record.id} went on without us")
            moved = phases.fence(fresh, Owner(fresh.target.member, fresh.target.server, answer["address"]))
            if record.owner is not None and is_restored(record):
                moved = with_door(moved, record.owner.member)
            moved = with_profile(moved, need_plan(moved).profile)
            return changed_plan(moved, run_after=time.time() + wait_s if wait_s else 0.0)

        await self._tools.update(record.id, change)

    async def _next_target(self, record: Record, reason: str) -> None:
        log.warning("another target is needed: %s", reason)
        await self._tools.update(record.id, lambda fresh: _without_target(fresh, reason))

    async def _leave_target(self, record: Record, owner: Owner, reason: str) -> None:
        """The new owner cannot restore: on to another one, under yet another epoch."""
        log.error("%s could not restore the session: %s", owner.member, reason)

        def change(fresh: Record) -> Record:
            if fresh.epoch != record.epoch or fresh.phase == "moving":
                return fresh
            fresh = phases.noted(phases.begin_move(fresh), "failed", {"member": owner.member, "reason": reason[:300]})
            return changed_plan(fresh, tried=[*need_plan(fresh).tried, owner.member], saved=False)

        await self._tools.update(record.id, change)

    async def _give_up(self, record: Record, reason: str) -> None:
        plan = need_plan(record)
        if self._is_alive(record, plan) and self._tools.deadline(record, plan) is None:
            await self._stay(record, reason)
        else:
            await self._suspend_alive(record, reason)

    def _is_alive(self, record: Record, plan: Plan) -> bool:
        return record.owner is not None and is_restored(record) and plan.way != "lost"

    async def _suspend_alive(self, record: Record, reason: str) -> None:
        """Suspend a session whose source may still have something to save."""
        plan = need_plan(record)
        if self._is_alive(record, plan) and not plan.saved:
            await self._silence.freeze(record, cast("Owner", record.owner))
        await self._suspend(record, reason)

    async def _stay(self, record: Record, reason: str) -> None:
        """The source goes on as if nothing had been."""
        log.warning("the move is called off: %s", reason)

        def change(fresh: Record) -> Record:
            fresh = phases.noted(phases.cancel_move(fresh), "failed", {"reason": reason[:300]})
            return with_plan(fresh, None)

        plan = need_plan(record)
        await self._tools.update(record.id, change)
        if record.owner is not None:
            await self._tools.pod(record, record.owner).thaw()
        await self._tend_all(record, {*plan.tried, *([record.owner.member] if record.owner else [])})
        self._tools.outcomes.labels(plan.way, "called-off").inc()

    async def _suspend(self, record: Record, reason: str) -> None:
        def change(fresh: Record) -> Record:
            if fresh.phase == "suspended":
                return fresh
            owner = fresh.owner
            silent = owner is None or need_plan(fresh).saved
            fresh = phases.noted(phases.suspend(fresh), "reason", {"reason": reason[:300]})
            fresh = with_quiet_at(fresh, 0.0 if silent else time.time() + self._silence.lease_s)
            return with_door(fresh, owner.member) if owner else fresh

        await self._tools.update(record.id, change)

    async def _tend_all(self, record: Record, members: set[str]) -> list[str]:
        """Bring members in line; those that cannot be reached catch up when they are back."""
        names = sorted(members)
        results = await asyncio.gather(
            *(self._tools.peers.tend(name, record.id) for name in names), return_exceptions=True
        )
        for name, result in zip(names, results, strict=True):
            if isinstance(result, BaseException):
                log.warning("member %s is not in line yet: %s", name, result)
        return [name for name, result in zip(names, results, strict=True) if isinstance(result, BaseException)]

    def _may_stay(self, record: Record) -> bool:
        """Whether the source's own hub may start the session again: not if it is its machine that goes away."""
        plan = need_plan(record)
        source = plan.source_owner
        return source is not None and plan.machine != source.member


def _as_it_was(record: Record) -> Record:
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

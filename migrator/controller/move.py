"""Begins moves and drives them to their end.

A move is nothing but the record's phase and plan: the driver asks which step is next, does it, and looks again. So a controller
that was killed in the middle just goes on when it is back, and if it stays away another one takes over. Two drivers on one
move do no harm: each change of the record is a compare-and-swap, and the fence happens once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from migrator.controller.errors import Busy
from migrator.controller.marks import Plan, changed_plan, plan_of, queued, with_door, with_plan
from migrator.controller.steps import Steps, source_of
from migrator.controller.tools import Tools
from migrator.serving.logs import about
from migrator.session import PhaseError, Record, SessionError, phases
from migrator.storage.errors import StorageError

PAUSE_S = 1.0
MOST_FAULTS = 30
log = logging.getLogger(__name__)


class Mover:
    """All moves that this controller drives."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._steps = Steps(tools)
        self._driving: dict[str, asyncio.Task[None]] = {}

    def way(self, deadline: float | None) -> str:
        """Which way is open when the machine ends at `deadline` (Unix seconds)."""
        left = float("inf") if deadline is None else deadline - time.time()
        return "live" if left >= self._tools.settings.live_notice_s else "emergency"

    async def begin(
        self,
        session: str,
        *,
        way: str,
        cause: str,
        deadline: float | None = None,
        only: str | None = None,
        machine: str = "",
        profile: str = "",
    ) -> Record:
        """Begin a move, suspension or resumption, and drive it; the record as it then stands.

        A resumption that is asked for during a suspension follows it.

        Raises:
            Busy: one is under way; it goes on, and the earlier deadline counts.
            PhaseError: the session is in a phase in which this cannot be done.
        """

        def change(record: Record) -> Record:
            under_way = plan_of(record)
            if under_way is not None and (way, under_way.way) == ("resume", "suspend"):
                return queued(record, cause, only)
            if under_way is not None:
                raise Busy(f"a move of session {session} is under way; it goes on")
            plan = Plan(
                way,
                cause,
                self._tools.settings.member,
                deadline,
                only,
                source_of(record),
                record.epoch,
                machine=machine,
                profile=profile,
            )
            moving = phases.begin_resume(record) if way == "resume" else phases.begin_move(record)
            return with_plan(phases.noted(moving, "notice", {"cause": cause, "deadline": deadline, "way": way}), plan)

        try:
            record = await self._tools.update(session, change)
        except Busy:
            await self.hasten(session, deadline)
            raise
        self.drive(session)
        return record

    async def end(self, session: str) -> Record:
        """End a session for good, whatever is under way; its servers and routes go in the background."""

        def change(record: Record) -> Record:
            plan = Plan(
                "end", "asked", self._tools.settings.member, source=source_of(record), source_epoch=record.epoch
            )
            for place in (record.owner, record.target):
                record = with_door(record, place.member) if place else record
            return with_plan(phases.end(record), plan)

        record = await self._tools.update(session, change)
        self.drive(session)
        return record

    async def hasten(self, session: str, deadline: float | None) -> None:
        """Another warning for a session that is moving: the earlier deadline counts."""
        if deadline is None:
            return

        def change(record: Record) -> Record:
            plan = plan_of(record)
            if plan is None or (plan.deadline is not None and plan.deadline <= deadline):
                return record
            way = self.way(deadline) if plan.way == "live" else plan.way
            return changed_plan(record, deadline=deadline, way=way)

        await self._tools.update(session, change)
        self._tools.deadlines[session] = min(deadline, self._tools.deadlines.get(session, deadline))

    async def fresh(self, session: str) -> Record:
        """The record as it stands now."""
        return self._tools.index.put(await self._tools.records.get(session))

    def drive(self, session: str) -> asyncio.Task[None]:
        """Drive a session's move, if there is one and nobody here does yet."""
        task = self._driving.get(session)
        if task is None or task.done():
            task = asyncio.create_task(self._drive(session), name=f"move {session}")
            self._driving[session] = task
            task.add_done_callback(lambda done: self._forget(session, done))
        return task

    def is_driving(self, session: str) -> bool:
        """Whether this controller is at it."""
        return session in self._driving

    async def stop(self) -> None:
        """Let go: whoever comes next goes on from the record."""
        tasks = list(self._driving.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, session: str, task: asyncio.Task[None]) -> None:
        if self._driving.get(session) is task:
            del self._driving[session]
        if not task.cancelled() and task.exception() is not None:
            log.error("the move of session %s stopped", session, exc_info=task.exception())

    async def _drive(self, session: str) -> None:
        with about(session):
            async with self._signs_of_life(session):
                faults = 0
                while faults < MOST_FAULTS:
                    try:
                        if not await self._one_step(session):
                            return
                        faults = 0
                    except PhaseError as error:
                        log.info("the session went on without us: %s", error)
                        faults += 1
                    except Exception:
                        log.exception("a step failed; it is done again")
                        faults += 1
                        await asyncio.sleep(PAUSE_S)

    async def _one_step(self, session: str) -> bool:
        record = await self.fresh(session)
        step = self._steps.next(record)
        if step is None:
            return False
        log.info("%s", step.__name__)
        await step(record)
        return True

    @contextlib.asynccontextmanager
    async def _signs_of_life(self, session: str) -> AsyncIterator[None]:
        """Keep `updated` fresh, so that no other controller takes the move over while a step takes long."""
        task = asyncio.create_task(self._touch(session))
        try:
            yield
        finally:
            task.cancel()

    async def _touch(self, session: str) -> None:
        while True:
            await asyncio.sleep(self._tools.settings.stalled_s / 3)
            with contextlib.suppress(StorageError, SessionError):
                await self._tools.records.update(session, lambda record: replace(record, updated=time.time()))

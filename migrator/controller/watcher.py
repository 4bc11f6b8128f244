"""Looks at every session of this member each second, so that a death without warning is known within two."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

from migrator.controller.errors import Busy
from migrator.controller.marks import is_restored, plan_of
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.tools import Tools
from migrator.serving.client import NoAnswer, ServiceError, Unreachable
from migrator.serving.logs import about
from migrator.session import PhaseError, Record, SessionError, phases
from migrator.storage.errors import StorageError

PROBE_LIMIT_S = 1.0
"""A process that is being killed still takes connections for a moment: its silence must not delay the next look."""
SILENT_FACTOR = 30
"""A server that takes calls and does not answer may just be overloaded: this many times more patience."""
SECOND_LOOK_S = 0.3
"""A refused connection hardly ever heals: the next look need not wait for the next round."""
log = logging.getLogger(__name__)


@dataclass
class Watcher:
    """Probes by the pods' `status`."""

    tools: Tools
    mover: Mover
    desk: NoticeDesk
    misses: dict[str, float] = field(default_factory=dict)
    heeded: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> None:
        """One round after another."""
        while True:
            await self.once()
            await asyncio.sleep(self.tools.settings.probe_s)

    async def once(self) -> None:
        """One round."""
        await asyncio.gather(
            *(self._catch_up(record) for record in self.tools.index.all() if self._has_arrived(record))
        )
        here = [record for record in self.tools.index.all() if self._is_live_here(record)]
        await asyncio.gather(*(self._look(record) for record in here))

    def _is_ours(self, record: Record) -> bool:
        owner = record.owner
        return (
            record.phase == "active"
            and owner is not None
            and owner.member == self.tools.settings.member
            and owner.address is not None
            and is_restored(record)
            and not self.mover.is_driving(record.id)
        )

    def _is_live_here(self, record: Record) -> bool:
        return self._is_ours(record) and plan_of(record) is None

    def _has_arrived(self, record: Record) -> bool:
        """Whether another controller drove it here, and may have closed the move without a word to us."""
        return self._is_ours(record) and plan_of(record) is not None

    async def _catch_up(self, record: Record) -> None:
        with about(record.id):
            try:
                self.tools.index.put(await self.tools.records.get(record.id))
            except (StorageError, SessionError) as error:
                log.warning("this session's record could not be read: %s", error)

    async def _look(self, record: Record) -> None:
        with about(record.id):
            try:
                if await self._probe(record):
                    await asyncio.sleep(SECOND_LOOK_S)
                    await self._probe(record)
            except (StorageError, SessionError, ServiceError) as error:
                log.warning("this session could not be looked after: %s", error)

    async def _probe(self, record: Record) -> bool:
        """Ask the pod how it is; True if nobody listens there, and that is not yet enough to act upon."""
        if record.owner is None:
            return False
        try:
            status = await self.tools.pod(record, record.owner).status(PROBE_LIMIT_S)
        except Unreachable:
            self._miss(record, 1.0)
        except NoAnswer:
            self._miss(record, 1.0 / SILENT_FACTOR)
        except ServiceError as error:
            self.misses.pop(record.id, None)
            log.debug("the pod lives, but says: %s", error)
        else:
            self.misses.pop(record.id, None)
            await self._heed(record, status.get("notice"))
            return False
        if self.misses.get(record.id, 0.0) >= self.tools.settings.dead_after:
            await self._bury(record)
            return False
        return self.misses.get(record.id, 0.0) >= 1.0

    def _miss(self, record: Record, weight: float) -> None:
        self.misses[record.id] = self.misses.get(record.id, 0.0) + weight

    async def _bury(self, record: Record) -> None:
        """Nobody listens there any more: bring the session back elsewhere, or keep it if its end was meant."""
        self.misses.pop(record.id, None)
        fresh = self.tools.index.put(await self.tools.records.get(record.id))
        if fresh.owner != record.owner or not self._is_live_here(fresh) or await self.desk.is_starting(fresh):
            return
        meant = phases.is_stopping(fresh) and await self.desk.is_stopped_by_hub(fresh)
        log.warning("the server is gone, %s", "stopped by the hub" if meant else "without warning")
        await self._begin(fresh, "suspend" if meant else "lost", "stopped" if meant else "lost", None)

    async def _heed(self, record: Record, notice: Any) -> None:
        """A pod that got its own warning (a SIGTERM) says so in its status."""
        deadline = notice.get("deadline") if isinstance(notice, dict) else None
        if not isinstance(deadline, (int, float)) or self.heeded.get(record.id) == deadline:
            return
        self.heeded[record.id] = deadline
        fresh = self.tools.index.put(await self.tools.records.get(record.id))
        if self._is_live_here(fresh) and not any(
            event.event == "notice" and event.detail.get("deadline") == deadline for event in fresh.timeline
        ):
            meant = await self.desk.is_stopped_by_hub(fresh)
            way = "suspend" if meant else self.mover.way(deadline)
            await self._begin(fresh, way, str(notice.get("cause") or "stopped"), float(deadline))

    async def _begin(self, record: Record, way: str, cause: str, deadline: float | None) -> None:
        try:
            await self.mover.begin(record.id, way=way, cause=cause, deadline=deadline)
        except (Busy, PhaseError) as error:
            log.info("somebody was faster: %s", error)

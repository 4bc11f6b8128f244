"""Every few seconds: reads all records, mends this member's routes and servers, and takes over moves that got stuck."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from migrator.controller.disowned import Disowned
from migrator.controller.marks import doors_of, plan_of
from migrator.controller.member import Member
from migrator.controller.move import Mover
from migrator.controller.tools import Tools
from migrator.launch.errors import LaunchError
from migrator.routing.errors import RoutingError
from migrator.routing.proxy import Route
from migrator.serving.logs import about
from migrator.session import Record

log = logging.getLogger(__name__)


@dataclass
class Reconciler:
    """One round after another; each is idempotent."""

    tools: Tools
    member: Member
    mover: Mover
    disowned: Disowned
    first: bool = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(self.tools.settings.reconcile_s)

    async def once(self) -> None:
        """One round: one look at the proxy for all sessions, and calls for those alone that are not in line."""
        records = await self.tools.index.refresh()
        routes = await self._routes() if any(self._has_doors(record) for record in records) else {}
        for record in records:
            with about(record.id):
                await self._one(record, routes)
        await (self.disowned.look_at_all if self.first else self.disowned.look_again)(records)
        self.first = False

    async def _routes(self) -> dict[str, Route]:
        """Empty where they cannot be had: each session then finds out for itself."""
        try:
            return await self.member.doors.routes()
        except RoutingError as error:
            log.warning("routes are not known: %s", error)
            return {}

    async def _one(self, record: Record, routes: dict[str, Route]) -> None:
        if plan_of(record) is not None:
            if self._is_ours_to_drive(record):
                self.mover.drive(record.id)
            return
        if self._has_doors(record) and not self.member.doors.is_in_line(record, routes):
            try:
                await self.member.tend(record)
            except (RoutingError, LaunchError) as error:
                log.warning("routes and servers are not in line yet: %s", error)

    def _has_doors(self, record: Record) -> bool:
        """Whether routes here may have to lead elsewhere; after a start also those that may be left of a former life."""
        elsewhere = record.owner is None or record.owner.member != self.member.name
        return (
            (elsewhere or self.first) and self.member.name in doors_of(record) and self.member.doors.switch is not None
        )

    def _is_ours_to_drive(self, record: Record) -> bool:
        plan = plan_of(record)
        if self.mover.is_driving(record.id) or plan is None:
            return False
        if plan.driver == self.member.name and self.first:
            return True
        return time.time() - record.updated > self.tools.settings.stalled_s

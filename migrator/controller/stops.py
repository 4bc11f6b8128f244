"""A hub is about to stop a server, or found it dead, and asks before it takes the route away (`launch/hub_proxy.py`).

What is to be saved is saved now, while the server still runs and however short the hub's own grace is; then the route is held, so
that an open page never hears the hub's own words about a server that is not there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from migrator.controller.errors import Busy
from migrator.controller.index import Index
from migrator.controller.marks import doors_of, is_restored, name_of, plan_of
from migrator.controller.member import Member
from migrator.controller.move import Mover
from migrator.serving.pace import Pace
from migrator.session import PhaseError, Record, SessionRecords

POLL_S = 0.1
MARGIN_S = 5.0
log = logging.getLogger(__name__)


@dataclass
class Stops:
    """Answers `POST /v1/stops`."""

    member: Member
    mover: Mover
    records: SessionRecords
    index: Index

    async def stop(self, user: str, name: str = "", *, meant: bool) -> bool:
        """Whether the pages of this user's session (of the server `name`) are held here, so that the hub may go on.

        `meant`: somebody stops the server; else the hub found it dead. Whether it is lost is the watcher's to say, but the hub
        takes its route away in any case.
        """
        record = await self._session(user, name)
        if record is None:
            return False
        if self._is_live_here(record) and not meant:
            return await self.member.doors.hold_in_doubt(record)
        if meant:
            record = await self._put_away(record)
        return await self.member.doors.hold(record)

    async def _session(self, user: str, name: str) -> Record | None:
        """The session that a page at this user's address is looking at; of several, the youngest."""
        known = [record for record in self.index.all() if _is(record, user, name)]
        of_user = known or [record for record in await self.index.refresh() if _is(record, user, name)]
        fresh = await asyncio.gather(*(self.records.get(record.id) for record in of_user if record.phase != "ended"))
        return max(filter(self._concerns, fresh), key=lambda record: record.created, default=None)

    def _concerns(self, record: Record) -> bool:
        """Whether pages come in here, and there is something that they could lose."""
        owned = record.owner is not None and record.owner.member == self.member.name
        lived = record.phase != "starting" or record.snapshot is not None
        return record.phase != "ended" and lived and (owned or self.member.name in doors_of(record))

    def _is_live_here(self, record: Record) -> bool:
        owner = record.owner
        here = owner is not None and owner.member == self.member.name
        return here and record.phase in {"starting", "active"} and is_restored(record) and plan_of(record) is None

    async def _put_away(self, record: Record) -> Record:
        """Suspend it, or let the move under way get so far that this server is needed no more."""
        if self._is_live_here(record):
            try:
                record = await self.mover.begin(record.id, way="suspend", cause="stopped")
            except (Busy, PhaseError) as error:
                log.info("something is under way: %s", error)
        end = time.monotonic() + self.member.settings.freeze_timeout_s + MARGIN_S
        pace = Pace(POLL_S)
        while self._is_needed(record) and time.monotonic() < end:
            await pace.pause()
            record = await self.records.get(record.id)
        return record

    def _is_needed(self, record: Record) -> bool:
        """Whether the server here still has something to save: not once it counts as lost."""
        plan, owner = plan_of(record), record.owner
        owned = owner is not None and owner.member == self.member.name
        unsaved = plan is not None and not plan.saved and plan.way != "lost"
        return record.phase == "moving" and owned and is_restored(record) and unsaved


def _is(record: Record, user: str, name: str) -> bool:
    return (record.user, name_of(record)) == (user, name)

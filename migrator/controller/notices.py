"""Takes warnings, whoever gives them, and turns each into a move or a suspension of every session that it concerns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Counter

from migrator.controller.errors import Busy
from migrator.controller.index import Index
from migrator.controller.marks import machine_of, name_of
from migrator.controller.move import Mover
from migrator.launch.errors import LaunchError
from migrator.launch.hub import Hub
from migrator.notice.event import Cause, Notice
from migrator.serving.logs import about
from migrator.session import PhaseError, Record, phases
from migrator.storage.errors import NotFound

GONE = {Cause.LOST, Cause.OUT_OF_MEMORY}
"""Causes that tell of the past: there is nobody left to freeze."""
log = logging.getLogger(__name__)


@dataclass
class NoticeDesk:
    """Where all sources of notices of this member hand them in."""

    member: str
    index: Index
    mover: Mover
    hub: Hub
    counter: Counter
    expand: Callable[[Notice], Awaitable[list[Notice]]] | None = None
    """Where a machine is a node: its warning as one for each session on it."""

    async def take(self, notice: Notice) -> list[Record]:
        """The records of the sessions that move now, those that moved already included."""
        if notice.machine and not notice.session and self.expand is not None:
            taken = await asyncio.gather(*(self.take(one) for one in await self.expand(notice)))
            return [record for each in taken for record in each]
        self.counter.labels(str(notice.cause)).inc()
        with about(notice.session):
            log.info("notice: %s (%s)", notice.cause, notice.detail)
        return await (self._of_machine(notice) if notice.session is None else self._of_session(notice, notice.session))

    async def _of_session(self, notice: Notice, session: str) -> list[Record]:
        """A node with fifty sessions gives fifty of these at once: each reads its own record and no other."""
        try:
            record = await self.mover.fresh(session)
        except NotFound:
            with about(session):
                log.info("nobody knows it any more")
            return []
        return await self._all(notice, [record] if self._concerns(notice, record) else [])

    async def _of_machine(self, notice: Notice) -> list[Record]:
        known = [record for record in self.index.all() if self._concerns(notice, record)]
        taken = await self._all(notice, known)
        names = {record.id for record in known}
        late = [r for r in await self.index.refresh() if r.id not in names and self._concerns(notice, r)]
        return taken + await self._all(notice, late)

    async def _all(self, notice: Notice, records: list[Record]) -> list[Record]:
        taken = await asyncio.gather(*(self._one(notice, record) for record in records))
        return [record for record in taken if record is not None]

    def _concerns(self, notice: Notice, record: Record) -> bool:
        owner = record.owner
        if owner is None or owner.member != self.member or record.phase in {"suspended", "ended"}:
            return False
        if record.phase == "starting" and record.snapshot is None:
            return False  # it has nothing to lose yet, and its hub says that it did not start
        if notice.address and owner.address and f"//{notice.address}:" not in owner.address:
            return False
        if notice.session is not None:
            return record.id == notice.session
        return notice.machine is not None and notice.machine in {machine_of(record), self.member}

    async def _one(self, notice: Notice, record: Record) -> Record | None:
        with about(record.id):
            try:
                return await self.mover.begin(
                    record.id,
                    way=await self._way(notice, record),
                    cause=str(notice.cause),
                    deadline=notice.deadline,
                    machine=notice.machine or "",
                )
            except Busy:
                log.info("another notice: the move under way goes on")
                return record
            except (PhaseError, NotFound) as error:
                log.info("nothing to move: %s", error)
                return None

    async def _way(self, notice: Notice, record: Record) -> str:
        if notice.cause in GONE:
            return "lost"
        if notice.cause == Cause.STOPPED and await self.is_stopped_by_hub(await self.mover.fresh(record.id)):
            return "suspend"
        return self.mover.way(notice.deadline)

    async def is_starting(self, record: Record) -> bool:
        """Whether the hub still waits for this server: it may have said that it is alive before it takes calls."""
        try:
            server = await self.hub.server(record.user, name_of(record))
        except LaunchError:
            return False
        return server is not None and server.pending == "spawn"

    async def is_stopped_by_hub(self, record: Record) -> bool:
        """Whether the hub ends (or has ended) this server on purpose: the user, the culler, an administrator.

        A hub that finds a server killed tidies up as if it had been stopped. Of those that it does not know any more only one that said
        that it was told to stop was stopped.
        """
        try:
            server = await self.hub.server(record.user, name_of(record))
        except LaunchError as error:
            log.warning("the hub does not say whether it stopped the server: %s", error)
            return False
        return server.pending == "stop" if server is not None else phases.is_stopping(record)

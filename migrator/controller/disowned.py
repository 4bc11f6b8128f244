"""A hub may give up a server that lives: it took too long for the hub when its session had moved in already, or one look found it dead.

The hub knows no such server from then on, and leads nobody to it. Pages are kept on the way past the hub, and the session moves on to
a server that a hub knows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator.controller.marks import is_restored, name_of, plan_of
from migrator.controller.notices import NoticeDesk
from migrator.controller.tools import Tools
from migrator.launch.errors import LaunchError
from migrator.launch.hub import Hub
from migrator.notice.event import Cause, Notice
from migrator.serving.client import ServiceError
from migrator.serving.logs import about
from migrator.session import Record, phases

RETRY_S = 60.0  # after nobody had room for it: it lives on where it is
log = logging.getLogger(__name__)


@dataclass
class Disowned:
    """Sessions of this member whose hub does not know their servers. `known`: when each was last sent on, in monotonic seconds."""

    tools: Tools
    hub: Hub
    desk: NoticeDesk
    known: dict[str, float] = field(default_factory=dict)

    async def has(self, record: Record) -> bool:
        """Whether it is one; if so its session moves on, as soon as no other move of it is under way.

        Raises:
            StorageError, SessionError: its record cannot be read or written.
        """
        if not (self._is_ours(record) and await self._is_forgotten(record) and await self._lives(record)):
            self.known.pop(record.id, None)
            return False
        self.known.setdefault(record.id, -RETRY_S)
        await self._send_on(record)
        return True

    async def look_again(self, records: Iterable[Record]) -> None:
        """At those that are known: they were busy, or found no room elsewhere. Raises as `has`."""
        await self.look_at_all(record for record in records if record.id in self.known)

    async def look_at_all(self, records: Iterable[Record]) -> None:
        """After a start: a former life may have known some. Raises as `has`."""
        for record in records:
            with about(record.id):
                await self.has(record)

    async def _send_on(self, record: Record) -> None:
        if plan_of(record) is not None or time.monotonic() - self.known[record.id] < RETRY_S:
            return
        self.known[record.id] = time.monotonic()
        await self.desk.take(Notice(Cause.DISOWNED, None, "its hub knows no such server", session=record.id))

    async def _is_forgotten(self, record: Record) -> bool:
        """A hub that does not answer has given up nobody."""
        try:
            return await self.hub.server(record.user, name_of(record)) is None
        except LaunchError as error:
            log.warning("the hub does not say whether it knows the server: %s", error)
            return False

    async def _lives(self, record: Record) -> bool:
        """Whether the server says so itself; what becomes of one that is dead or was stopped is not decided here."""
        if record.owner is None or not record.owner.address:
            return False
        try:
            status = await self.tools.pod(record, record.owner).status()
        except ServiceError as error:
            log.info("the hub knows no server, and none answers: %s", error)
            return False
        return status.get("state") == "running"

    def _is_ours(self, record: Record) -> bool:
        here = record.owner is not None and record.owner.member == self.tools.settings.member
        return here and record.phase == "active" and is_restored(record) and not phases.is_stopping(record)

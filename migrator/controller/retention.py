"""Deletes what nobody needs any more: old snapshots of living sessions, and everything of those that ended."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from migrator.controller.marks import doors_of, plan_of
from migrator.controller.tools import Tools
from migrator.serving.logs import about
from migrator.session import Record, SessionError, phases
from migrator.session.sealing import unseal
from migrator.snapshot.errors import SnapshotError
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.retention import collect_garbage, erase
from migrator.storage.errors import StorageError

START_LIMIT_S = 3600.0
"""A server that has not said that it is alive for so long never will."""
ENDED_GRACE_S = 3600.0
"""How long an ended session's record still tells a returning copy that it is fenced."""
log = logging.getLogger(__name__)


@dataclass
class Retention:
    """One run after another, each over the sessions that are this member's to clean up."""

    tools: Tools
    secret: bytes

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self.tools.settings.retention_check_s)
            await self.once()

    async def once(self) -> None:
        """One run; a session that cannot be cleaned up keeps no other from it."""
        for record in self.tools.index.all():
            if not self._is_ours(record):
                continue
            with about(record.id):
                try:
                    await self._one(await self.tools.records.get(record.id))
                except (StorageError, SessionError, SnapshotError) as error:
                    log.warning("nothing was deleted: %s", error)

    def _is_ours(self, record: Record) -> bool:
        here = self.tools.settings.member
        if record.owner is not None:
            return record.owner.member == here
        return here == min(doors_of(record) or self.tools.settings.members, default=here)

    async def _one(self, record: Record) -> None:
        age = time.time() - record.updated
        if record.phase == "ended":
            if age > ENDED_GRACE_S:
                log.info("%d objects deleted", await erase(self.tools.records.objects(record.id)))
                await self.tools.records.forget(record.id)
        elif _never_started(record, age) or _is_over(record, age):
            await self.tools.update(record.id, phases.end)
        elif record.snapshot is not None and plan_of(record) is None:
            keys = SessionKeys(unseal(self.secret, record.id, record.sealed).key)
            done = await collect_garbage(self.tools.records.objects(record.id), keys, record.id, [record.snapshot])
            if done.keys:
                log.info("%d objects of %d bytes deleted", len(done.keys), done.bytes)


def _never_started(record: Record, age: float) -> bool:
    return record.phase == "starting" and age > START_LIMIT_S


def _is_over(record: Record, age: float) -> bool:
    return record.phase == "suspended" and age > record.retention_s

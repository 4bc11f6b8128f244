"""A user has logged out of this member's hub: noted in each of their sessions, whose server hears of it from its gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass

from migrator.controller.index import Index
from migrator.session import SessionRecords
from migrator.session.logouts import with_logout


@dataclass
class Logouts:
    """Of the member `member`."""

    member: str
    records: SessionRecords
    index: Index

    async def take(self, user: str, session: str) -> int:
        """Note it; in how many sessions. The records are read anew: one that came here a second ago counts as well."""
        at = time.time()
        theirs = [each for each in await self.index.refresh() if each.user == user and each.phase != "ended"]
        for record in theirs:
            changed = await self.records.update(
                record.id, lambda fresh: with_logout(fresh, self.member, user, session, at)
            )
            self.index.put(changed)
        return len(theirs)

"""Who logged out of a member's hub, noted in the record of each session of theirs.

A hub's word reaches the hub's own servers only, and a session may live elsewhere by then, or be on its way. So it is written where whoever
owns the session, now or later, reads it: under `logouts` in the record::

    [{"member": where the hub is, "user": name, "session": SHA-256 of the browser's session id at that hub, "at": seconds}]

An empty `session` means all of that user's: the hub has removed the user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from migrator.session.record import Record

FIELD = "logouts"
MOST = 50  # kept: a login that is older than so many logouts has ended by itself


def with_logout(record: Record, member: str, user: str, session: str, at: float) -> Record:
    """The record after one more logout."""
    logout = {"member": member, "user": user, "session": session, "at": at}
    return replace(record, more={**record.more, FIELD: [*logouts_of(record), logout][-MOST:]})


def logouts_of(record: Record) -> list[dict[str, Any]]:
    """All that are known, oldest first."""
    return list(record.more.get(FIELD) or ())

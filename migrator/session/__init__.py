"""Sessions: their record with its epoch, the phases it goes through, and the tokens that are bound to both."""

from __future__ import annotations

from migrator.session.errors import BadId, BadRecord, BadToken, NotSealed, PhaseError, SessionError, TooManyWriters
from migrator.session.ids import check_member, check_session_id, new_session_id
from migrator.session.record import Event, Owner, Record, Target
from migrator.session.records import SessionRecords

__all__ = [
    "BadId",
    "BadRecord",
    "BadToken",
    "Event",
    "NotSealed",
    "Owner",
    "PhaseError",
    "Record",
    "SessionError",
    "SessionRecords",
    "Target",
    "TooManyWriters",
    "check_member",
    "check_session_id",
    "new_session_id",
]

"""The errors of session records."""

from __future__ import annotations


class SessionError(Exception):
    """The root of the room's errors. `retryable`: the same call may succeed later without anybody mending anything."""

    retryable = False


class BadId(SessionError, ValueError):
    """A session id or member name that is none; refused where it enters."""


class BadRecord(SessionError):
    """A stored record is damaged, or of a version that this program does not know."""


class PhaseError(SessionError):
    """The session is in a phase in which this cannot be done. The message says which, and what can be done."""


class BadToken(SessionError):
    """The token is not authentic. The message never says more than that."""


class NotSealed(SessionError):
    """The secrets of a record do not open: another federation secret, or a damaged record."""


class TooManyWriters(SessionError):
    """Others changed the record each time that this call was about to."""

    retryable = True

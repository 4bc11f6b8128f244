"""The errors of snapshots. Errors of the store itself pass through as `migrator.storage` raises them."""

from __future__ import annotations


class SnapshotError(Exception):
    """The root of the room's errors."""

    retryable = False


class SnapshotCorrupt(SnapshotError):
    """Stored bytes are not what was written: which object, and what to do, stand in the message. Nothing of it is used."""


class WrongKey(SnapshotError):
    """The object is whole, but it was written under another session key."""


class WriterMisused(SnapshotError):
    """The caller broke the rules of the writer: a name given twice, a block that the base does not have, and so on."""


class CannotRead(SnapshotError):
    """The object may be sound, but was written with something that is missing here; the message says what to install."""

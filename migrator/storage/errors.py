"""The errors of object stores: whoever calls a store must learn whether trying again can help, whatever the backend.

Every backend turns its own errors (OSError, botocore's, HTTP statuses) into these.
"""

from __future__ import annotations


class StorageError(Exception):
    """The root of the room's errors. `retryable`: the same call may succeed later without anybody mending anything."""

    retryable = False


class InvalidKey(StorageError, ValueError):
    """A key or prefix that no store accepts; it is refused before any store is asked."""


class NotFound(StorageError):
    """There is no object of this key."""


class Conflict(StorageError):
    """A condition failed: the object exists already (`if_absent`), or it changed since it was read (`if_match`)."""


class Denied(StorageError):
    """The credentials do not allow the call."""


class QuotaExceeded(StorageError):
    """The session has used up what the operator allows it."""


class StoreFull(StorageError):
    """The disk or bucket is full; room must be made before anything can be written."""


class StoreUnavailable(StorageError):
    """The store did not answer, or answered that it cannot serve now."""

    retryable = True


class Fenced(StorageError):
    """The session belongs to a later epoch: this writer is a former owner and must stop. `epoch` is the valid one."""

    def __init__(self, message: str, epoch: int) -> None:
        super().__init__(message)
        self.epoch = epoch

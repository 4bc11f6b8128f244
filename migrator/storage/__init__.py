"""Object stores: where snapshots and session records lie. One protocol, one error tree, several backends."""

from __future__ import annotations

from migrator.storage.errors import (
    Conflict,
    Denied,
    Fenced,
    InvalidKey,
    NotFound,
    QuotaExceeded,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from migrator.storage.opening import BadStoreURL, open_store
from migrator.storage.prefix import prefixed
from migrator.storage.protocol import Buffer, ObjectInfo, ObjectStore

__all__ = [
    "BadStoreURL",
    "Buffer",
    "Conflict",
    "Denied",
    "Fenced",
    "InvalidKey",
    "NotFound",
    "ObjectInfo",
    "ObjectStore",
    "QuotaExceeded",
    "StorageError",
    "StoreFull",
    "StoreUnavailable",
    "open_store",
    "prefixed",
]

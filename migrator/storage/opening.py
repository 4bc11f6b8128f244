"""Opens a store by its URL. A backend is imported only when it is asked for: a user's pod has no boto3."""

from __future__ import annotations

import importlib
from urllib.parse import urlsplit

from migrator.storage.errors import StorageError
from migrator.storage.protocol import ObjectStore

_BACKENDS = {
    "file": "migrator.storage.filesystem",
    "memory": "migrator.storage.memory",
    "s3": "migrator.storage.s3",
}
_FORMS = "file:///folder, s3://bucket/prefix?endpoint=https://host, memory:"


class BadStoreURL(StorageError, ValueError):
    """The URL names no store that this program knows."""


def open_store(url: str) -> ObjectStore:
    """Open `file:///dir`, `s3://bucket/prefix?endpoint=...` or `memory:`; raises `BadStoreURL` for anything else.

    Nothing is read or written yet. S3 takes its credentials from the environment as all AWS tools do.
    """
    parts = urlsplit(url)
    if parts.scheme not in _BACKENDS:
        raise BadStoreURL(f"{url!r} is no store; use one of {_FORMS}")
    try:
        store: ObjectStore = importlib.import_module(_BACKENDS[parts.scheme]).from_url(parts)
    except ModuleNotFoundError as error:
        raise BadStoreURL(f"{url!r} needs the package {error.name}: pip install 'session-migrator[control]'") from error
    except ValueError as error:
        raise BadStoreURL(f"{url!r}: {error}; use one of {_FORMS}") from error
    return store

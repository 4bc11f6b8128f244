"""A store in memory, for tests and for trying things out: the reference that the other backends are compared with."""

from __future__ import annotations

import time
from typing import AsyncIterator, NamedTuple
from urllib.parse import SplitResult

from migrator.storage.errors import Conflict, NotFound
from migrator.storage.keys import check_key, check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo


class _Object(NamedTuple):
    data: bytes
    etag: str
    modified: float


class MemoryStore:
    """An `ObjectStore` that lives as long as the object; safe within one event loop, since no call waits half-way."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._writes = 0

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        there = self._objects.get(check_key(key))
        if if_absent and there is not None:
            raise Conflict(f"{key} exists already")
        if if_match is not None and (there is None or there.etag != if_match):
            raise Conflict(f"{key} has changed since it was read; read it again")
        self._writes += 1
        self._objects[key] = _Object(bytes(data), f"m{self._writes}", time.time())
        return self._objects[key].etag

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        data = self._find(key).data
        return data[start:] if length is None else data[start : start + length]

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        found = self._find(key)
        return found.data, found.etag

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        found = self._find(key)
        return ObjectInfo(key, len(found.data), found.etag, found.modified)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        check_prefix(prefix)
        for key, found in sorted(self._objects.items()):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(found.data), found.etag, found.modified)

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self._objects.pop(check_key(key), None)

    async def close(self) -> None:
        """See `ObjectStore.close`."""

    def _find(self, key: str) -> _Object:
        try:
            return self._objects[check_key(key)]
        except KeyError:
            raise NotFound(f"there is no {key}") from None


def from_url(url: SplitResult) -> MemoryStore:
    """Open `memory:`: a new, empty store each time."""
    if url.netloc or url.path.strip("/") or url.query:
        raise ValueError("memory: takes neither host nor path")
    return MemoryStore()

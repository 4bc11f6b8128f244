"""A part of a store that looks like a whole one, so that a session's code needs not know where its objects lie."""

from __future__ import annotations

from dataclasses import replace
from typing import AsyncIterator

from migrator.storage.keys import check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo, ObjectStore, is_local, read_now


def prefixed(store: ObjectStore, prefix: str) -> ObjectStore:
    """Give a view of the objects of `store` under `prefix` (such as `sessions/<id>/`), keys relative to it.

    Closing the view leaves the store open.
    """
    if not prefix:
        return store
    return _PrefixedStore(store, check_prefix(prefix.rstrip("/") + "/"))


class _PrefixedStore:
    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self.local = is_local(store)
        reading = read_now(store)
        if reading is not None:
            self.read_now = lambda key, start, target: reading(prefix + key, start, target)

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        return await self._store.put(self._prefix + key, data, if_absent=if_absent, if_match=if_match)

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        return await self._store.get(self._prefix + key, start=start, length=length)

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        return await self._store.get_with_etag(self._prefix + key)

    async def head(self, key: str) -> ObjectInfo:
        return self._relative(await self._store.head(self._prefix + key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        async for info in self._store.list(self._prefix + prefix):
            yield self._relative(info)

    async def delete(self, key: str) -> None:
        await self._store.delete(self._prefix + key)

    async def close(self) -> None:
        pass

    def _relative(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, key=info.key[len(self._prefix) :])

"""A store with faults, around a real one: what a network or a disk does once a month, at will."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from migrator.storage import Buffer, ObjectInfo, ObjectStore


class FaultyStore:
    """Before each call asks `fault(method, key)` for an error to raise; `after` likewise once the call was done."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.fault: Callable[[str, str], Exception | None] = lambda method, key: None
        self.after: Callable[[str, str], Exception | None] = lambda method, key: None
        self.calls: list[tuple[str, str]] = []

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        self._ask(self.fault, "put", key)
        etag = await self.store.put(key, data, if_absent=if_absent, if_match=if_match)
        self._ask(self.after, "put", key)
        return etag

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        self._ask(self.fault, "get", key)
        return await self.store.get(key, start=start, length=length)

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        self._ask(self.fault, "get", key)
        return await self.store.get_with_etag(key)

    async def head(self, key: str) -> ObjectInfo:
        self._ask(self.fault, "head", key)
        return await self.store.head(key)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        self._ask(self.fault, "list", prefix)
        async for info in self.store.list(prefix):
            yield info

    async def delete(self, key: str) -> None:
        self._ask(self.fault, "delete", key)
        await self.store.delete(key)

    async def close(self) -> None:
        await self.store.close()

    def _ask(self, hook: Callable[[str, str], Exception | None], method: str, key: str) -> None:
        if hook == self.fault:
            self.calls.append((method, key))
        error = hook(method, key)
        if error is not None:
            raise error

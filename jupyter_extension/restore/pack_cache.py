"""A store that keeps whole packs on disk: a standby fetches them ahead, so that taking over reads nothing from afar."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import AsyncIterator, Iterable

from migrator.snapshot.pack import pack_key
from migrator.storage import Buffer, ObjectInfo, ObjectStore

PARALLEL = 4


class PackCache:
    """An `ObjectStore` in front of another. Packs never change, so what is here once is right for ever."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder: Path | None = None

    async def fetch(self, packs: Iterable[str]) -> None:
        """Bring these packs here. Raises what the store raises; what came before stays."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="session-migrator-packs-"))
        free = asyncio.Semaphore(PARALLEL)

        async def one(pack: str) -> None:
            path = self._path(pack_key(pack))
            if path is None or path.exists():
                return
            async with free:
                data = await self._store.get(pack_key(pack))
                await asyncio.get_running_loop().run_in_executor(None, _write, path, data)

        await asyncio.gather(*(one(pack) for pack in packs))

    def _path(self, key: str) -> Path | None:
        return self._folder / key.replace("/", "-") if self._folder is not None else None

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        path = self._path(key)
        if path is not None and path.exists():
            return await asyncio.get_running_loop().run_in_executor(None, _read, path, start, length)
        return await self._store.get(key, start=start, length=length)

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        return await self._store.put(key, data, if_absent=if_absent, if_match=if_match)

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        return await self._store.get_with_etag(key)

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        return await self._store.head(key)

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        return self._store.list(prefix)

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        await self._store.delete(key)

    async def drop(self) -> None:
        """Give the disk back: the session is here now."""
        folder, self._folder = self._folder, None
        if folder is not None:
            await asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, str(folder))

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        await self.drop()
        await self._store.close()


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_bytes(data)
    temporary.rename(path)


def _read(path: Path, start: int, length: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if length is None else length)

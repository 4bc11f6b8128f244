"""A store that keeps whole packs on disk: a standby fetches them ahead, so that taking over reads nothing from afar."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import AsyncIterator, Iterable

from jupyter_extension.restore.downloads import Downloads
from migrator.snapshot.pack import pack_key
from migrator.storage import Buffer, ObjectInfo, ObjectStore, StorageError


class PackCache:
    """An `ObjectStore` in front of another. Packs never change, so what is here once is right for ever."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder: Path | None = None
        self._downloads: Downloads | None = None

    async def fetch(self, packs: Iterable[str]) -> None:
        """Bring these packs here. Raises what the store raises; what came stays. Cancelled, the rest comes all the same."""
        if self._downloads is None:
            self._folder = Path(tempfile.mkdtemp(prefix="session-migrator-packs-"))
            self._downloads = Downloads(self._store, self._folder)
        coming = [self._downloads.begin(pack) for pack in packs]
        await asyncio.gather(*(asyncio.shield(each) for each in coming if each is not None))

    def settle(self) -> None:
        """A restoration begins: what is under way comes here, the rest is read where it is needed, straight from the store."""
        if self._downloads is not None:
            self._downloads.begin_no_more()

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        path = await self._here(key)
        if path is not None:
            return await asyncio.get_running_loop().run_in_executor(None, _read, path, start, length)
        return await self._store.get(key, start=start, length=length)

    async def _here(self, key: str) -> Path | None:
        """The pack's file, once it has come if it is to come; None if there is none: then the store itself has the word."""
        pack = key.rpartition("/")[2]
        if self._downloads is None or pack_key(pack) != key:
            return None
        with contextlib.suppress(StorageError, OSError):
            await self._downloads.arrived(pack)
        path = self._downloads.path(pack) if self._downloads is not None else None
        return path if path is not None and path.exists() else None

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
        downloads, folder, self._downloads, self._folder = self._downloads, self._folder, None, None
        if downloads is not None:
            await downloads.stop()
        if folder is not None:
            await asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, str(folder))

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        await self.drop()
        await self._store.close()


def _read(path: Path, start: int, length: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if length is None else length)

"""The objects in a folder of a zip file, to read only: a downloaded session is restored from the file itself, unpacked nowhere."""

from __future__ import annotations

import asyncio
import threading
import zipfile
from pathlib import Path
from typing import AsyncIterator, Callable, TypeVar

from migrator.storage.errors import Denied, NotFound, StorageError
from migrator.storage.keys import check_key, check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo

T = TypeVar("T")


class DamagedArchive(StorageError):
    """The file is no zip file, or not whole."""


class ArchiveStore:
    """Objects are the entries below `folder` (such as `state/`); etags are their CRCs. Writing is `Denied`."""

    local = True

    def __init__(self, path: Path, folder: str = "") -> None:
        self._folder, self._lock = folder, threading.Lock()
        try:
            self._zip = zipfile.ZipFile(str(path))
        except (OSError, zipfile.BadZipFile) as error:
            raise DamagedArchive(f"{path} can't be read as a zip file: {error}") from error

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        return await self._in_thread(lambda: self._read(key, start, length))

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        return await self.get(key), (await self.head(key)).etag

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        return self._info(self._entry(key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        wanted = self._folder + check_prefix(prefix)
        for entry in sorted(self._zip.infolist(), key=lambda each: each.filename):
            if entry.filename.startswith(wanted) and not entry.is_dir():
                yield self._info(entry)

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Refused."""
        raise Denied("a downloaded session is read, and never written to")

    async def delete(self, key: str) -> None:
        """Refused."""
        raise Denied("a downloaded session is read, and never written to")

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        self.close_now()

    def close_now(self) -> None:
        """Close the file; there is nothing to wait for."""
        self._zip.close()

    def _entry(self, key: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(self._folder + check_key(key))
        except KeyError as error:
            raise NotFound(f"there is no {key} in the file") from error

    def _info(self, entry: zipfile.ZipInfo) -> ObjectInfo:
        return ObjectInfo(entry.filename[len(self._folder) :], entry.file_size, f"{entry.CRC:08x}")

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        entry = self._entry(key)
        try:
            with self._lock, self._zip.open(entry) as stream:
                stream.seek(start)
                return stream.read(-1 if length is None else length)
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise DamagedArchive(f"{key} in the file is damaged: {error}") from error

    @staticmethod
    async def _in_thread(call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, call)

"""A store in a folder: for one machine, for a shared volume, and for a user who wants to look at the files.

An object is written to a temporary file, synced, renamed into place, and its folder is synced: after a crash it is
there whole or not at all. Changes to one key are serialised between processes by flock on one of a few lock files, so
that conditional writes are atomic. Under the lock each write gets a later modification time than the one before
it; the etag is made of that time, the size and the inode, and so never comes back for other bytes.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import AsyncIterator, Callable, Iterator, TypeVar
from urllib.parse import SplitResult, unquote

from migrator.storage.errors import (
    Conflict,
    Denied,
    NotFound,
    QuotaExceeded,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from migrator.storage.keys import check_key, check_prefix
from migrator.storage.protocol import Buffer, ObjectInfo
from migrator.storage.writing import SyncedWriter

THREADS = 8  # fsync waits for the disk, not for the processor
LOCKS = 64
STALE_S = 24 * 3600.0  # a temporary file of this age belongs to a writer that was killed
_FULL = {errno.ENOSPC: StoreFull, errno.EFBIG: StoreFull, errno.EDQUOT: QuotaExceeded}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_NO_FOLDER = {*_MISSING, errno.EEXIST}  # of a write: something else stands where a folder is needed
_T = TypeVar("_T")


class FilesystemStore:
    """An `ObjectStore` under `root`, which is made if it is missing. `.tmp` and `.locks` in it are the store's own."""

    local = True

    def __init__(self, root: Path) -> None:
        self._root = root
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="file-store")
        self._ready = False
        self._writer = SyncedWriter()

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """See `ObjectStore.put`."""
        return await self._run(key, lambda: self._put(check_key(key), data, if_absent, if_match), writes=True)

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        return await self._run(key, lambda: self._read(self._path(key), start, length)[0])

    def read_now(self, key: str, start: int, target: memoryview) -> int:
        """See `protocol.read_now`."""
        try:
            return _read_into(self._path(key), start, target)
        except OSError as error:
            raise _storage_error(error, key) from error

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """See `ObjectStore.get_with_etag`."""
        return await self._run(key, lambda: self._read(self._path(key), 0, None))

    async def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        return await self._run(key, lambda: _info(key, self._path(key)))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See `ObjectStore.list`."""
        for info in await self._run(prefix, lambda: sorted(self._walk(check_prefix(prefix)), key=lambda i: i.key)):
            yield info

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        await self._run(key, lambda: self._delete(check_key(key)))

    async def close(self) -> None:
        """See `ObjectStore.close`."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)

    async def _run(self, key: str, work: Callable[[], _T], *, writes: bool = False) -> _T:
        def guarded() -> _T:
            try:
                return work()
            except OSError as error:
                raise _storage_error(error, key, writes=writes) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, guarded)

    def _path(self, key: str) -> Path:
        path = self._root / check_key(key)
        if path.is_dir():
            raise NotFound(f"there is no {key}")
        return path

    def _put(self, key: str, data: Buffer, if_absent: bool, if_match: str | None) -> str:
        self._prepare()
        path = self._root / key
        temporary = self._root / ".tmp" / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            self._writer.write(temporary, data)
            _make_folders(path.parent)
            with self._locked(key):
                return _install(temporary, path, key, if_absent, if_match)
        finally:
            with suppress(FileNotFoundError):  # the usual case: it was renamed
                temporary.unlink()

    def _delete(self, key: str) -> None:
        self._prepare()
        path = self._root / key
        with self._locked(key):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return
            _sync_folder(path.parent)

    def _prepare(self) -> None:
        """Make the folders of the store, and clear away what killed writers left, before the first change."""
        if self._ready:
            return
        for folder in (self._root / ".tmp", self._root / ".locks"):
            _make_folders(folder)
        for left in (self._root / ".tmp").iterdir():
            with suppress(FileNotFoundError):  # its writer was only slow, and has just finished
                if left.stat().st_mtime < time.time() - STALE_S:
                    left.unlink()
        self._ready = True

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        number = hashlib.blake2b(key.encode(), digest_size=2).digest()
        name = f"{int.from_bytes(number, 'big') % LOCKS:02d}"
        descriptor = os.open(self._root / ".locks" / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self, path: Path, start: int, length: int | None) -> tuple[bytes, str]:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            wanted = max(0, status.st_size - start)
            wanted = wanted if length is None else min(wanted, length)
            file.seek(start)
            return file.read(wanted), _etag(status)

    def _walk(self, prefix: str) -> Iterator[ObjectInfo]:
        top = self._root / prefix.rpartition("/")[0]
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    try:
                        yield _info(key, path)
                    except FileNotFoundError:
                        continue  # deleted while the folder was read


def _read_into(path: Path, start: int, target: memoryview) -> int:
    done = 0
    with path.open("rb", buffering=0) as file:
        while done < len(target):
            count = os.preadv(file.fileno(), [target[done:]], start + done)
            if not count:
                break
            done += count
    return done


def _install(temporary: Path, path: Path, key: str, if_absent: bool, if_match: str | None) -> str:
    """Rename under the lock, if the condition holds."""
    try:
        there: os.stat_result | None = path.stat()
    except FileNotFoundError:
        there = None
    if if_absent and there is not None:
        raise Conflict(f"{key} exists already")
    if if_match is not None and (there is None or _etag(there) != if_match):
        raise Conflict(f"{key} has changed since it was read; read it again")
    now = max(time.time_ns(), there.st_mtime_ns + 1 if there else 0)
    os.utime(temporary, ns=(now, now))
    etag = _etag(temporary.stat())
    temporary.rename(path)
    _sync_folder(path.parent)
    return etag


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, each durable in the one above."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _info(key: str, path: Path) -> ObjectInfo:
    status = path.stat()
    return ObjectInfo(key, status.st_size, _etag(status), status.st_mtime)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _storage_error(error: OSError, key: str, *, writes: bool = False) -> StorageError:
    if error.errno in _FULL:
        return _FULL[error.errno](f"cannot write {key}: {error.strerror}; make room in the store")
    if error.errno in _DENIED or (writes and error.errno in _NO_FOLDER):
        return Denied(f"cannot reach {key}: {error.strerror}; check the owner and mode of the store's folder")
    if error.errno in _MISSING:
        return NotFound(f"there is no {key}")
    return StoreUnavailable(f"cannot reach {key}: {error}")


def from_url(url: SplitResult) -> FilesystemStore:
    """Open `file:///folder`."""
    if url.netloc not in ("", "localhost") or not url.path.startswith("/"):
        raise ValueError("a file URL needs three slashes and an absolute folder")
    return FilesystemStore(Path(unquote(url.path)))

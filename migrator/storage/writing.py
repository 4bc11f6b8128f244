"""Writes a file and syncs it: by way of the page cache, or past it where the cache is dear.

What lies in the page cache is read back fast, so large objects go there as well, as long as it costs what a copy costs. Under
memory pressure each page must first be taken from somebody (in the end from the user's own programs), and a virtual
machine may have given its free memory back to its host: then it costs a multiple, and the write takes several times as long.
The processor time of the writes tells. Once it is too much, large objects are written past the cache (`O_DIRECT`) for a while.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import time
from pathlib import Path

from migrator.storage.protocol import Buffer

LARGE = 1024 * 1024
ALIGNED = 4096  # bytes: what every disk wants of addresses, offsets and lengths
DEAR = 0.5 / 2**30  # seconds of processor time for each byte; a copy into pages that are at hand takes half of it
FOR_A_WHILE = 64  # large objects
_DIRECT = getattr(os, "O_DIRECT", 0)


class SyncedWriter:
    """Makes new files; used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._direct_left = 0
        self._able = bool(_DIRECT)

    def write(self, path: Path, data: Buffer) -> None:
        """Make a file with this content, durable but for its name in the folder. What has that name is overwritten."""
        view = memoryview(data).cast("B")
        if self._past_the_cache(view) and self._direct(path, view):
            return
        started = time.thread_time()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(descriptor, view)
            self._judge(view, time.thread_time() - started)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _past_the_cache(self, view: memoryview) -> bool:
        if not self._able or not self._direct_left or len(view) < LARGE or not _is_aligned(view):
            return False
        with self._lock:
            self._direct_left = max(0, self._direct_left - 1)
        return True

    def _judge(self, view: memoryview, seconds: float) -> None:
        if len(view) >= LARGE and seconds > len(view) * DEAR:
            with self._lock:
                self._direct_left = FOR_A_WHILE

    def _direct(self, path: Path, view: memoryview) -> bool:
        """Write past the cache; False if this file system cannot, or not now: the file is then to be written anew."""
        whole = len(view) // ALIGNED * ALIGNED
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | _DIRECT, 0o600)
        except OSError as error:
            return self._unable(error)
        try:
            _write_all(descriptor, view[:whole])
        except OSError as error:
            return self._unable(error)
        finally:
            os.close(descriptor)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            _write_all(descriptor, view[whole:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return True

    def _unable(self, error: OSError) -> bool:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise error
        self._able = False
        return False


def _write_all(descriptor: int, rest: memoryview) -> None:
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _is_aligned(view: memoryview) -> bool:
    return not view.readonly and ctypes.addressof(ctypes.c_char.from_buffer(view)) % ALIGNED == 0

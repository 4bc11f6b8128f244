"""Takes files out of the page cache, since a restoration on another machine, or after a while, reads from the disk; or brings them in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

CHUNK = 16 * 2**20  # bytes


def evict(*paths: Path) -> None:
    """Sync these files, or all below these folders, and have the system forget what it keeps of them."""
    for file in _files(paths):
        fd = os.open(file, os.O_RDONLY)
        try:
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


def load(*paths: Path) -> None:
    """Read these files, or all below these folders, so that the system has them at hand."""
    for path in _files(paths):
        with path.open("rb") as file:
            while file.read(CHUNK):
                pass


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]

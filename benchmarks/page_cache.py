"""Takes files out of the page cache: a restoration on another machine, or after a while, reads from the disk."""

from __future__ import annotations

import os
from pathlib import Path


def evict(*paths: Path) -> None:
    """Sync these files, or all below these folders, and have the system forget what it keeps of them."""
    for path in paths:
        for file in [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]:
            fd = os.open(file, os.O_RDONLY)
            try:
                os.fsync(fd)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(fd)

"""Keeps one copy of files that are the same for several Pythons: a pod then copies a third of the bytes."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def share(folder: Path) -> None:
    """Replace each file that equals an earlier one by a hard link to it."""
    first: dict[bytes, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            original = first.setdefault(hashlib.sha256(path.read_bytes()).digest(), path)
            if original is not path:
                path.unlink()
                path.hardlink_to(original)


if __name__ == "__main__":
    share(Path(sys.argv[1]))

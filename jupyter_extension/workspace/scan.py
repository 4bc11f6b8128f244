"""Looks at every file below the roots; costs one stat for each."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Pattern, Tuple

from jupyter_extension.workspace.names import to_text

Key = Tuple[str, str]  # (root's name, path relative to it)


@dataclass(frozen=True)
class Found:
    """What stat says of a file, folder or symbolic link (`target`)."""

    kind: str  # file, dir, link
    mode: int
    size: int
    mtime_ns: int
    identity: tuple[int, int]  # inode, ctime: a rewrite that keeps size and mtime shows here
    target: str | None = None

    def signature(self) -> list[object]:
        """Two looks with equal signatures mean an unchanged file; a folder's times say nothing about itself."""
        if self.kind == "dir":
            return ["dir", self.mode]
        if self.kind == "link":
            return ["link", self.target]
        return ["file", self.mode, self.size, self.mtime_ns, *self.identity]


@dataclass
class Scan:
    """All that was found, and what was passed over and why."""

    found: dict[Key, Found] = field(default_factory=dict)
    excluded: list[dict[str, str]] = field(default_factory=list)


def look(path: str) -> Found:
    """One `lstat`. Raises OSError; ValueError for sockets, pipes and devices."""
    info = os.lstat(path)
    mode, identity = stat.S_IMODE(info.st_mode), (info.st_ino, info.st_ctime_ns)
    if stat.S_ISREG(info.st_mode):
        return Found("file", mode, info.st_size, info.st_mtime_ns, identity)
    if stat.S_ISDIR(info.st_mode):
        return Found("dir", mode, 0, info.st_mtime_ns, identity)
    if stat.S_ISLNK(info.st_mode):
        return Found("link", mode, 0, info.st_mtime_ns, identity, to_text(os.readlink(path)))
    raise ValueError("a socket, pipe or device")


def scan(roots: dict[str, str], excludes: Pattern[str]) -> Scan:
    """Walk all roots (name -> absolute folder). A root inside another is walked as itself only."""
    result = Scan()
    real = {name: os.path.realpath(folder) for name, folder in roots.items()}
    for name, folder in real.items():
        others = {f for n, f in real.items() if n != name}
        for relative, path, entry_is_dir in _walk(folder, excludes, others, result):
            _note(result, (name, relative), path, entry_is_dir=entry_is_dir)
    return result


def _note(result: Scan, key: Key, path: str, *, entry_is_dir: bool) -> None:
    try:
        result.found[key] = look(path)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as e:
        if not entry_is_dir:
            result.excluded.append({"path": to_text(path), "reason": f"can't be saved: {e}"})


def _walk(folder: str, excludes: Pattern[str], others: set[str], result: Scan) -> Iterator[tuple[str, str, bool]]:
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            entries = sorted(os.scandir(Path(folder, below)), key=lambda e: e.name)
        except OSError as e:
            if not isinstance(e, FileNotFoundError):
                result.excluded.append({"path": to_text(str(Path(folder, below))), "reason": f"can't be read: {e}"})
            continue
        for entry in entries:
            relative = f"{below}/{entry.name}" if below else entry.name
            if entry.path in others or excludes.fullmatch(relative):
                continue
            is_dir = entry.is_dir(follow_symlinks=False)
            if is_dir:
                waiting.append(relative)
            yield relative, entry.path, is_dir

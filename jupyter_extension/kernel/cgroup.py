"""How much memory this container may have, and has: what lies under /proc tells of the whole machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/sys/fs/cgroup")
_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)  # control groups of version 2 and 1
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MOST = 1 << 60  # version 1 writes "no limit" as the largest number of pages


class Memory(NamedTuple):
    """In bytes. `used` leaves out what the system would give back by itself: files that were read a while ago."""

    limit: int
    used: int


def memory(root: Path = ROOT) -> Memory | None:
    """None where there is no limit, or nobody says one."""
    for limit, used, stat, cache in _FILES:
        with contextlib.suppress(OSError, ValueError):
            most = _limit(root / limit)
            if most is not None:
                rows = dict(line.split(maxsplit=1) for line in (root / stat).read_text().splitlines())
                return Memory(most, max(0, int((root / used).read_text()) - int(rows.get(cache, 0))))
    return None


def leaves(wanted: int, root: Path = ROOT) -> bool:
    """Whether so many bytes more can be had; asked before many a cell, so that what takes long is read only where it matters."""
    for limit, used, *_ in _FILES:
        with contextlib.suppress(OSError, ValueError):
            most = _limit(root / limit)
            if most is not None and most - int((root / used).read_text()) > wanted:
                return True
    ours = memory(root)
    return (ours.limit - ours.used if ours else available()) > wanted


def _limit(file: Path) -> int | None:
    text = file.read_text().strip()
    return int(text) if text.isdecimal() and int(text) <= _MOST else None


def resident() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def available() -> int:
    """Bytes that the machine still has."""
    rows = Path("/proc/meminfo").read_text().splitlines()
    return int(next(row for row in rows if row.startswith("MemAvailable")).split()[1]) * 1024

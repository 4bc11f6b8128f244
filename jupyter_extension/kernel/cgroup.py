"""How much memory this container may have, and has: what lies under /proc tells of the whole machine."""

from __future__ import annotations

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
        try:
            most = (root / limit).read_text().strip()
            if not most.isdecimal() or int(most) > _MOST:
                continue
            rows = dict(line.split(maxsplit=1) for line in (root / stat).read_text().splitlines())
            return Memory(int(most), max(0, int((root / used).read_text()) - int(rows.get(cache, 0))))
        except (OSError, ValueError):
            continue
    return None


def resident() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def available() -> int:
    """Bytes that the machine still has."""
    rows = Path("/proc/meminfo").read_text().splitlines()
    return int(next(row for row in rows if row.startswith("MemAvailable")).split()[1]) * 1024

"""Private memory for what is restored, in huge pages as long as the system hands these out readily.

With huge pages the next forks of the kernel are several times shorter. But where free memory lies in fragments, or a virtual
machine has given it back to its host, a huge page can cost many times what the small ones cost that it stands for, and a
restoration would take as much longer. The first few tell nothing, since some are always at hand; so their cost is watched
while the memory is filled, and once they are dear, what is still untouched gets small pages. The system may make huge ones of
these later, in its own time.

The memory is never a shared mapping: it must be copied on write after a fork. And it has types of its own: an array over it
is the user's, the memory is not, so that the next snapshot saves the array as if it owned what it shows.
"""

from __future__ import annotations

import mmap

_DEAR = 0.8 / (1 << 30)  # seconds of processor time for each byte; where pages are at hand it is a third of that
_TIMES = 2  # once can be chance
HUGE = hasattr(mmap, "MADV_HUGEPAGE")


class Region(mmap.mmap):
    """Whole pages under a large part."""


class Room(bytearray):
    """Under a small part."""


class Memory:
    """Regions that are filled one after the other."""

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self._dear = 0

    def region(self, length: int) -> memoryview:
        """Whole pages that are zero, and cost nothing until they are touched. They live as long as any view of them."""
        made = Region(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._regions.append(made)
        self._advise("MADV_HUGEPAGE", [made])
        return memoryview(made)

    def filled(self, length: int, seconds: float) -> None:
        """Some thread used `seconds` of its processor time to fill `length` bytes."""
        self._dear = self._dear + 1 if seconds > length * _DEAR else 0
        if self._dear == _TIMES:
            self._advise("MADV_NOHUGEPAGE", self._regions)

    def close(self) -> None:
        """All is filled: from now on the system may do as it likes."""
        self._advise("MADV_HUGEPAGE", self._regions)
        self._regions = []

    def _advise(self, advice: str, regions: list[Region]) -> None:
        for region in regions if HUGE else ():
            region.madvise(getattr(mmap, advice))

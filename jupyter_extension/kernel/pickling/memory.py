"""Memory that objects share: arrays that overlap are saved once and come back overlapping.

Each array is pickled as the number of a *span* (an address range in the kernel). Once everything is pickled, overlapping spans of
all components are merged into *regions*; a region's bytes are saved once, under the name of the first component that uses it, and each
span is told which region it lies in and where. Small regions of a component are gathered into one part.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from typing import Any, List, NamedTuple, Tuple

LARGE = 1 << 20  # bytes: a region of its own part
ALIGN = 64

Places = List[Tuple[int, int, int, int]]  # per span: index of its part, offset, length, how many spans share the region


class Spans:
    """The address ranges that one component refers to."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.keep: list[Any] = []
        self.buffers: list[int] = []  # the spans of the out-of-band buffers, in their order in the pickle

    def add(self, address: int, length: int, owner: Any) -> int:
        """Note a range of `length` bytes that `owner` keeps alive, and give the number of its span."""
        self.ranges.append((address, length))
        self.keep.append(owner)
        return len(self.ranges) - 1


class Region(NamedTuple):
    """A range of memory that is saved as a whole."""

    start: int
    end: int
    component: str
    number: int
    users: int


def regions(components: dict[str, Spans]) -> list[Region]:
    """Merge the spans of all components, the order of which decides whom a shared region belongs to."""
    spans = [
        (address, address + length, order, number, name)
        for order, (name, spans) in enumerate(components.items())
        for number, (address, length) in enumerate(spans.ranges)
        if length
    ]
    spans.sort(key=lambda span: span[:4])
    merged: list[list[Any]] = []
    for start, end, order, number, name in spans:
        if merged and start < merged[-1][1]:
            last = merged[-1]
            last[1] = max(last[1], end)
            if (order, number) < tuple(last[2:4]):
                last[2:5] = [order, number, name]
            last[5] += 1
        else:
            merged.append([start, end, order, number, name, 1])
    return [Region(start, end, name, number, users) for start, end, _, number, name, users in merged]


class Layout(NamedTuple):
    """Where everything lies: the parts with their bytes, and for each component the place of each of its spans."""

    parts: dict[str, list[Any]]
    places: dict[str, Places]
    names: list[str]


def layout(components: dict[str, Spans]) -> Layout:
    """Decide which part each region goes into."""
    parts: dict[str, list[Any]] = {}
    sizes: dict[str, int] = {}
    where: list[tuple[int, Region, str, int]] = []
    for region in sorted(regions(components), key=lambda region: (region.component, region.number)):
        size = region.end - region.start
        name = f"memory/{region.component}" + (f"/{region.number}" if size >= LARGE else "")
        offset = sizes.get(name, 0)
        padding = -size % ALIGN if size < LARGE else 0
        parts.setdefault(name, []).extend(
            [raw(region.start, size), bytes(padding)] if padding else [raw(region.start, size)]
        )
        sizes[name] = offset + size + padding
        where.append((region.start, region, name, offset))
    return _place(components, parts, sorted(where))


def _place(
    components: dict[str, Spans], parts: dict[str, list[Any]], where: list[tuple[int, Region, str, int]]
) -> Layout:
    starts = [start for start, *_ in where]
    names = list(parts)
    index = {name: number for number, name in enumerate(names)}
    places: dict[str, Places] = {}
    for component, spans in components.items():
        found: Places = []
        for address, length in spans.ranges:
            if not length:
                found.append((-1, 0, 0, 0))
                continue
            start, region, name, offset = where[bisect_right(starts, address) - 1]
            found.append((index[name], offset + address - start, length, region.users))
        if found:
            places[component] = found
    return Layout(parts, places, names)


def raw(address: int, length: int) -> memoryview:
    """Give the bytes at an address, without copying them."""
    return memoryview((ctypes.c_char * length).from_address(address)).cast("B")


class _PyBuffer(ctypes.Structure):
    """The head of CPython's Py_buffer, and room for the rest of it."""

    _fields_ = [("buf", ctypes.c_void_p), ("rest", ctypes.c_char * 240)]


def address_of(buffer: Any) -> int:
    """Give the address of a contiguous buffer, writable or not."""
    view = _PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(buffer), ctypes.byref(view), 0)
    address = view.buf or 0
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
    return address

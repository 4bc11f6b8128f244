"""Memory maps: a map of a file is opened again if the file is there with the same bytes; an anonymous one moves with its content."""

from __future__ import annotations

import mmap
import os
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from ... import pages
from .. import rebuild
from ..memory import address_of, raw

MODULE = "mmap"
NAME = "resources.mmaps"
_SAMPLES = 256


class Mapping(NamedTuple):
    """A line of /proc/self/maps: where a map begins in its file."""

    path: str
    offset: int
    shared: bool
    writable: bool


def reduce_mmap(mapped: mmap.mmap, saving: Any) -> Any:
    """Reduce a memory map."""
    if mapped.closed:
        return rebuild.family, (NAME, "closed")
    length, address = len(mapped), address_of(mapped)
    found = mapping_at(address)
    position = mapped.tell()
    if found is not None and found.shared:
        access = mmap.ACCESS_WRITE if found.writable else mmap.ACCESS_READ
        digest = sampled(raw(address, length))
        return rebuild.family, (NAME, "file", found.path, found.offset, length, access, position, digest)
    return rebuild.family, (NAME, "anonymous", saving.spans.add(address, length, mapped), position)


def mapping_at(address: int) -> Mapping | None:
    """Give the file that is mapped at an address, or None."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in fields[0].split("-"))
        if (
            start <= address < end
            and len(fields) == 6
            and fields[5].startswith("/")
            and not fields[5].startswith("/dev/zero")
        ):
            offset = int(fields[2], 16) + address - start
            return Mapping(fields[5], offset, fields[1][3] == "s", fields[1][1] == "w")
    return None


def sampled(content: memoryview) -> int:
    """Give a check sum over pages spread evenly over the content."""
    step = max(4096, len(content) // _SAMPLES)
    check = len(content)
    for start in range(0, len(content), step):
        check = zlib.crc32(content[start : start + 4096], check)
    return check


def file(path: str, offset: int, length: int, access: int, position: int, digest: int) -> Any:
    """Map a file again; a placeholder if it is not there or holds other bytes."""
    flags = os.O_RDONLY if access == mmap.ACCESS_READ else os.O_RDWR
    try:
        handle = os.open(path, flags)
    except OSError as error:
        return rebuild.loading().lose("memory map", f"{path} cannot be opened: {error.strerror}")
    try:
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(handle, length + offset - start, access=access, offset=start)
    except (OSError, ValueError) as error:
        return rebuild.loading().lose("memory map", f"{path} is shorter than it was: {error}")
    finally:
        os.close(handle)
    if sampled(memoryview(mapped)) != digest:
        rebuild.loading().warn(f"{path}: it is mapped into memory, and holds other bytes than when it was saved")
    mapped.seek(position)
    return mapped


def anonymous(span: int, position: int) -> mmap.mmap:
    """Give a map without a file, with this content."""
    content = rebuild.memory(span)
    mapped = mmap.mmap(-1, len(content))
    mapped[:] = bytes(content)
    mapped.seek(position)
    return mapped


def reduce_restored(memory: Any, saving: Any) -> Any:
    """Reduce the memory under a restored array, to which the user gave a name: whoever shows a part of it still does."""
    return rebuild.family, (NAME, "restored", saving.spans.add(address_of(memory), len(memory), memory))


def restored(span: int) -> memoryview:
    """Give the memory of a span."""
    return rebuild.memory(span)


def closed() -> mmap.mmap:
    """Give a closed map."""
    mapped = mmap.mmap(-1, 1)
    mapped.close()
    return mapped


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {mmap.mmap: reduce_mmap, pages.Region: reduce_restored, pages.Room: reduce_restored}

"""The memory of what is restored, and when it stops asking for huge pages."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from jupyter_extension.kernel import pages

LENGTH = 8 << 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux says what was advised")


def advised(view: memoryview) -> set[str]:
    """The flags of the mapping that a view lies in: hg for huge pages, nh for none."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(view))
    for block in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text()):
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", block)
        if found and int(found[1], 16) <= address < int(found[2], 16):
            return set(re.search(r"VmFlags: (.*)", block)[1].split()) & {"hg", "nh"}
    raise AssertionError("no such mapping")


def test_huge_pages_until_they_are_dear_again_and_again() -> None:
    memory = pages.Memory()
    view = memory.region(LENGTH)
    memory.filled(LENGTH, 60.0)
    memory.filled(LENGTH, 0.0)
    memory.filled(LENGTH, 60.0)
    assert advised(view) == {"hg"}
    memory.filled(LENGTH, 60.0)
    assert advised(view) == {"nh"}
    memory.close()
    assert advised(view) == {"hg"}


def test_the_memory_is_writable_and_lives_as_long_as_a_view_of_it() -> None:
    memory = pages.Memory()
    part = memory.region(LENGTH)[100:200]
    memory.close()
    del memory
    part[:3] = b"abc"
    assert bytes(part[:4]) == b"abc\0"

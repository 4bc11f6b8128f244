"""Memory that a child and its watchdog share: how far the child is, and which variable it is at.

A child that hangs or crashes inside a user's `__reduce__` cannot say so any more; the name that it wrote here before it
began tells the watchdog what to leave out next time.
"""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

_STATE = struct.Struct("<QBH")  # steps, waiting for the reader (0 or 1), length of the name
_NAME_AT = 16
_SIZE = 4096


class State(NamedTuple):
    """`steps` grows with each variable and each write; `writing`: the child waits until its reader takes more."""

    steps: int
    writing: bool
    name: str


class Progress:
    """One page, mapped shared, so that it stays common after the fork."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _SIZE)
        self._steps = 0

    def at(self, name: str) -> None:
        """The child is about to pickle the variable `name`."""
        encoded = name.encode("utf-8", "replace")[: _SIZE - _NAME_AT]
        self._map[_NAME_AT : _NAME_AT + len(encoded)] = encoded
        self._put(writing=False, length=len(encoded))

    def writing(self, active: bool) -> None:
        """The child enters or leaves a write to its pipe."""
        self._put(writing=active, length=_STATE.unpack_from(self._map)[2])

    def _put(self, *, writing: bool, length: int) -> None:
        self._steps += 1
        _STATE.pack_into(self._map, 0, self._steps, writing, length)

    def read(self) -> State:
        """What the child wrote last."""
        steps, writing, length = _STATE.unpack_from(self._map)
        name = self._map[_NAME_AT : _NAME_AT + length].decode("utf-8", "replace")
        return State(steps, bool(writing), name)

    def close(self) -> None:
        """Give the page back."""
        self._map.close()

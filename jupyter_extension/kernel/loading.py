"""Brings a snapshot back: the parts come in beside the running kernel, then its main thread makes objects of them."""

from __future__ import annotations

import mmap
import socket
from typing import Any, Union

from . import wire

_LARGE = 4 << 20  # from this size on a part gets whole pages of its own, huge ones where the system has them

Memory = Union[bytearray, memoryview]


class Parts:
    """The parts that have arrived, as `pickling.load` wants them: writable memory that the reader may keep."""

    def __init__(self, parts: dict[str, Memory]) -> None:
        self._parts = parts

    def names(self) -> list[str]:
        """In the order in which they were saved."""
        return list(self._parts)

    def read(self, name: str) -> Memory:
        """The whole part; from now on it belongs to the caller alone. KeyError if there is none, or it was read."""
        return self._parts.pop(name)


class Loader:
    """Holds what was received until the silent request comes to load it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._parts: Parts | None = None
        self.report: dict[str, Any] | None = None

    def receive(self, conn: socket.socket, request: dict[str, Any]) -> None:
        """Read all parts that the request names straight into their final memory."""
        parts: dict[str, Memory] = {}
        for name, length in _listed(request):
            parts[name] = _memory(length)
            wire.read_into(conn, memoryview(parts[name]))
        self._parts, self.report = Parts(parts), None

    def apply(self) -> None:
        """Make objects of the parts; runs in the kernel's main thread. RuntimeError if nothing was received."""
        from .pickling import load  # noqa: PLC0415 - large; loaded when needed

        if self._parts is None:
            raise RuntimeError("no snapshot has been received")
        parts, self._parts = self._parts, None
        self.report = load(self._shell, parts)


def _listed(request: dict[str, Any]) -> list[tuple[str, int]]:
    return [(str(name), int(length)) for name, length in request["parts"]]


def _memory(length: int) -> Memory:
    """Private anonymous memory: it must be copied on write after a fork, so never a shared mapping."""
    if length < _LARGE:
        return bytearray(length)
    region = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        region.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(region)

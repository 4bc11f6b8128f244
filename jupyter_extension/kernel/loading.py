"""Brings a snapshot back: the parts come in beside the running kernel, then its main thread makes objects of them."""

from __future__ import annotations

import socket
from typing import Any, Sequence, Union

from . import pages, window, wire

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

    def receive(self, conn: socket.socket, request: dict[str, Any], fds: Sequence[int]) -> None:
        """Make room for all parts that the request names, say so, and read them straight into their final memory.

        With a descriptor of a window the large ones come through that, after all others.
        """
        memory = pages.Memory()
        parts: dict[str, Memory] = {
            name: memory.region(length) if length >= window.LEAST else pages.Room(length)
            for name, length in _listed(request)
        }
        wire.send(conn, {"event": "ready"})
        views = [memoryview(part) for part in parts.values()]
        for view in views:
            if not fds or len(view) < window.LEAST:
                wire.read_into(conn, view)
        if fds:
            large = [view for view in views if len(view) >= window.LEAST]
            window.Filling(conn, fds[0], large, memory.filled).run()
        memory.close()
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

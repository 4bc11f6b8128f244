"""Chooses the demo's ports, so that two demos on one machine never meet.

Each demo takes a block of ports below the range from which the kernel picks ports of outgoing connections
(32768 on Linux), and holds a lock file on the block for as long as it lives. The lock goes with the process.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

from migrator.demo.errors import NoRoom

FIRST_PORT = 20000
BLOCK = 48
BLOCKS = 256


class PortBlock:
    """A block of loopback ports, handed out one by one; `close` gives it back."""

    def __init__(self) -> None:
        self._lock, self._next = _lock_free_block()
        self._end = self._next + BLOCK

    def take(self) -> int:
        """The next port of the block."""
        if self._next == self._end:
            raise NoRoom(f"the demo asked for more than its {BLOCK} ports")
        self._next += 1
        return self._next - 1

    def close(self) -> None:
        """Let another demo have the block."""
        os.close(self._lock)


def _lock_free_block() -> tuple[int, int]:
    folder = Path(tempfile.gettempdir()) / f"session-migrator-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for block in random.sample(range(BLOCKS), BLOCKS):
        lock = os.open(folder / str(block), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        first = FIRST_PORT + block * BLOCK
        if _locked(lock) and all(is_free(port) for port in range(first, first + BLOCK)):
            return lock, first
        os.close(lock)
    raise NoRoom("no free block of ports on 127.0.0.1: end other demos, then try again")


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

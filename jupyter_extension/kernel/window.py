"""Large parts of a snapshot come in through a window: a few blocks' worth of memory that the server shares with us.

Through the socket each byte would be copied twice, by one thread at a time, with the interpreter's lock taken in between.
Here the server decrypts straight into a slot of the window, and the system copies the slot to where it belongs. The
final memory is the kernel's own and private all the same: what is shared would change under a forked child.

Frames from the server, on the socket: `slot u32, part u32, offset u64, length u32` (little endian): these bytes of the
part lie in that slot. The answer is the number of the slot, which is then free again.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import socket
import struct
import time
from typing import Callable, Sequence

from . import wire
from .stream import BLOCK_SIZE

LEAST = 4 << 20  # bytes; smaller parts go through the socket
FRAME = struct.Struct("<IIQI")
TAKEN = struct.Struct("<I")
_COPIERS = 2  # most of the time goes into fresh pages, which the system hands out to several threads at once


class Filling:
    """Copies from the window until all targets are full; `filled` hears of each piece and what processor time it took."""

    def __init__(
        self, conn: socket.socket, window: int, targets: Sequence[memoryview], filled: Callable[[int, float], None]
    ) -> None:
        self._conn = conn
        self._window = window
        self._targets = targets
        self._filled = filled
        self._left = sum(map(len, targets))
        self._reading = _thread.allocate_lock()
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Return when every byte is there. WireError or OSError if the server goes away or sends nonsense."""
        ended = []
        for _ in range(_COPIERS - 1):
            done = _thread.allocate_lock()
            done.acquire()
            with contextlib.suppress(RuntimeError):  # no more threads are allowed: one copies as well, if slower
                _thread.start_new_thread(self._copy_and_say, (done,))
                ended.append(done)
        self._copy()
        for done in ended:
            done.acquire()
        if self._failure is not None:
            raise self._failure

    def _copy_and_say(self, done: _thread.LockType) -> None:
        try:
            self._copy()
        finally:
            done.release()

    def _copy(self) -> None:
        try:
            while True:
                frame = self._next()
                if frame is None:
                    return
                slot, target = frame
                started = time.thread_time()
                _read_all(self._window, target, slot * BLOCK_SIZE)
                self._filled(len(target), time.thread_time() - started)
                self._conn.sendall(TAKEN.pack(slot))
        except BaseException as error:  # noqa: BLE001 - raised by `run`, in the thread that asked
            self._failure = error

    def _next(self) -> tuple[int, memoryview] | None:
        """The next slot and where its bytes belong; None at the end, also if another copier failed."""
        with self._reading:
            if not self._left or self._failure is not None:
                return None
            slot, part, offset, length = FRAME.unpack(wire.read_exactly(self._conn, FRAME.size))
            target = self._targets[part][offset : offset + length] if part < len(self._targets) else memoryview(b"")
            if not 0 < length == len(target):
                raise wire.WireError("the server speaks of bytes that no part has")
            self._left -= length
            return slot, target


def _read_all(source: int, target: memoryview, at: int) -> None:
    while target:
        count = os.preadv(source, [target], at)
        if not count:
            raise wire.WireError("the window is smaller than the server says")
        target, at = target[count:], at + count

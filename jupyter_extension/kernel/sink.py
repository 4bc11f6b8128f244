"""Sends the parts of a snapshot through the pipe, leaving out what the base snapshot has already."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import termios
from collections import deque
from typing import Callable, Iterator, Sequence, Union

from . import stream
from .progress import Progress
from .stream import BLOCK_SIZE, CHECK_SIZE, BasePart

Buffer = Union[bytes, bytearray, memoryview]
Checks = Callable[[Buffer, int], bytes]
Splice = Callable[[int, memoryview], int]

_GATHER = 256 << 10  # small frames are written together: one system call, one wake-up of the reader
_DIRECT = 64 << 10  # from this size on, memory is handed to the system as it is
_DRAIN_TICK_MS = 1
_PIPE_HOLDS = 16 << 20  # more than any pipe of ours has room for


class Pipe:
    """Gathers small frames; hands large buffers over as they are, if possible without copying them.

    `splice` gives pages to the pipe that its reader will copy later; so each buffer is kept until as many bytes as the pipe
    can hold have followed it. Nobody may change a buffer after it was written.
    """

    def __init__(self, fd: int, progress: Progress, splice: Splice | None = None) -> None:
        self._fd = fd
        self._progress = progress
        self._splice = splice
        self._pending = bytearray()
        self._written = 0
        self._kept: deque[tuple[int, Buffer]] = deque()

    def write(self, head: bytes, *buffers: Buffer) -> None:
        """Queue or send `head` and `buffers`, in this order."""
        self._pending += head
        for buffer in buffers:
            if len(buffer) >= _DIRECT:
                self.flush()
                self._hand_over(memoryview(buffer))
            else:
                self._pending += buffer
        if len(self._pending) >= _GATHER:
            self.flush()

    def flush(self) -> None:
        """Send what was gathered."""
        pending, self._pending = memoryview(self._pending), bytearray()
        while pending:
            pending = pending[self._taken(os.write, pending) :]

    def drain(self) -> None:
        """Send what was gathered and wait until all was read, or nobody reads any more.

        Before Linux 5.8 a page in the pipe is shared with the kernel's process again once this one has ended.
        """
        self.flush()
        self._progress.writing(True)
        poller = select.poll()
        poller.register(self._fd, 0)  # the end of the reader is always reported
        while _unread(self._fd) and not poller.poll(_DRAIN_TICK_MS):
            pass

    def _hand_over(self, buffer: memoryview) -> None:
        rest = buffer
        while rest:
            rest = rest[self._taken(self._spliced, rest) :]
        self._kept.append((self._written, buffer))
        while self._kept and self._kept[0][0] + _PIPE_HOLDS < self._written:
            self._kept.popleft()

    def _spliced(self, fd: int, buffer: memoryview) -> int:
        if self._splice is None:
            return os.write(fd, buffer)
        try:
            return self._splice(fd, buffer)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            self._splice = None  # not on this system, or not with this kind of memory
            return os.write(fd, buffer)

    def _taken(self, call: Splice, buffer: memoryview) -> int:
        self._progress.writing(True)
        count = call(self._fd, buffer)
        self._progress.writing(False)
        self._written += count
        return count


class PartSink:
    """What `pickling.dump` gives its parts to.

    `checks(buffer, block size)` gives XXH3-128 of each block; without it (no C helper) every block travels.
    """

    def __init__(self, pipe: Pipe, base: dict[str, BasePart], checks: Checks | None) -> None:
        self._pipe = pipe
        self._base = base if checks else {}
        self._checks = checks
        self._names: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """The parts so far, in order."""
        return list(self._names)

    def add(self, name: str, data: Buffer | Sequence[Buffer]) -> None:
        """One part: a buffer, or several that are joined. ValueError for a name that was there before."""
        if name in self._names:
            raise ValueError(f"two parts are named {name!r}")
        buffers = [_flat(one) for one in ([data] if isinstance(data, (bytes, bytearray, memoryview)) else data)]
        length = sum(map(len, buffers))
        self._names[name] = length
        if len(buffers) > 1 and length <= BLOCK_SIZE:
            buffers = [memoryview(b"".join(buffers))]
        known = self._base.get(name)
        checks = self._checks_of(buffers, length) if known is not None else b""
        if known is not None and known == (length, checks):
            self._pipe.write(stream.header(stream.SAME_PART, name))
            return
        self._pipe.write(stream.header(stream.PART, name, length=8) + length.to_bytes(8, "little"))
        if known is not None:
            self._send_changed(buffers, checks, known.checks)
        else:
            self._send_all(buffers)

    def holds(self, name: str, data: Buffer | None = None) -> bool:
        """Whether the base has this part; with `data`, whether it consists of just these bytes."""
        known = self._base.get(name)
        if known is None or data is None:
            return known is not None
        return known == (len(data), self._checks_of([memoryview(data)], len(data)))

    def keep(self, name: str) -> None:
        """A part that is as the base has it, whatever that is. KeyError if it has none."""
        self._names[name] = self._base[name].length
        self._pipe.write(stream.header(stream.SAME_PART, name))

    def _send_all(self, buffers: list[memoryview]) -> None:
        """A part that the base lacks: each block is checked when its turn comes, and the reader has work from the first on."""
        for block in _blocks(buffers):
            self._send(block, self._checks_of(block, sum(map(len, block))))

    def _send_changed(self, buffers: list[memoryview], checks: bytes, known: bytes) -> None:
        same = 0
        for index, block in enumerate(_blocks(buffers)):
            at = slice(index * CHECK_SIZE, (index + 1) * CHECK_SIZE)
            check = checks[at]
            if check and check == known[at]:
                same += 1
                continue
            if same:
                self._pipe.write(stream.header(stream.SAME, number=same))
                same = 0
            self._send(block, check)
        if same:
            self._pipe.write(stream.header(stream.SAME, number=same))

    def _send(self, block: list[memoryview], check: bytes) -> None:
        head = stream.header(stream.BLOCK, number=len(check), length=len(check) + sum(map(len, block)))
        self._pipe.write(head + check, *block)

    def _checks_of(self, buffers: list[memoryview], length: int) -> bytes:
        if self._checks is None or not length:
            return b""
        if len(buffers) == 1:
            return self._checks(buffers[0], BLOCK_SIZE)
        return b"".join(self._checks(_joined(block), BLOCK_SIZE) for block in _blocks(buffers))


def _unread(fd: int) -> int:
    """How many bytes are in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def _flat(buffer: Buffer) -> memoryview:
    view = memoryview(buffer)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def _joined(block: list[memoryview]) -> Buffer:
    return block[0] if len(block) == 1 else b"".join(block)


def _blocks(buffers: list[memoryview]) -> Iterator[list[memoryview]]:
    """Cut the joined buffers into blocks without copying: each block is a list of views."""
    block: list[memoryview] = []
    room = BLOCK_SIZE
    for buffer in buffers:
        at = 0
        while at < len(buffer):
            piece = buffer[at : at + room]
            block.append(piece)
            at += len(piece)
            room -= len(piece)
            if not room:
                yield block
                block, room = [], BLOCK_SIZE
    if block:
        yield block

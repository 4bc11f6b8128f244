"""Reads the child's stream from the pipe in a thread, and hands its frames to the event loop in batches.

The thread only reads and cuts; back pressure is the pipe's own: when the store is slow, batches are not taken, the
thread stops reading, and the child waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import threading
from concurrent.futures import TimeoutError as FutureTimeout
from typing import AsyncIterator, List, Optional

from jupyter_extension.kernel import stream
from jupyter_extension.kernel.stream import Frame, StreamError

_PIPE_BYTES = 1 << 20  # the most that an unprivileged process may ask for
_F_SETPIPE_SZ = 1031
_BATCH_BYTES = 4 << 20
_QUEUED = 4  # batches between the thread and the event loop
_CHUNK = 256 << 10
_LARGE = 1 << 20  # from here on a payload's memory is worth keeping for the next one
_TICK_S = 0.5

_Batch = Optional[List[Frame]]


class FrameReader:
    """The reading end of a pipe; `write_fd` goes to the agent, and is closed here by `start` or `close`."""

    def __init__(self) -> None:
        self._fd, self.write_fd = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._fd, _F_SETPIPE_SZ, _PIPE_BYTES)
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[_Batch] = asyncio.Queue(_QUEUED)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="kernel-stream", daemon=True)
        self.bytes_read = 0
        self.buffers = Buffers()

    def start(self) -> None:
        """Begin to read; the agent has the writing end by now."""
        self._close_writer()
        self._thread.start()

    @property
    def held_up(self) -> bool:
        """Whether it is the taker of the batches that keeps the stream from moving."""
        return self._queue.full()

    async def batches(self) -> AsyncIterator[list[Frame]]:
        """Frames in order, until the stream ends. StreamError if it ends without END or is no stream."""
        while True:
            batch = await self._queue.get()
            if batch is None:
                break
            yield batch
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Stop reading, whatever state the stream is in."""
        self._stop.set()
        while self._thread.is_alive():
            with contextlib.suppress(asyncio.QueueEmpty):
                while True:
                    self._queue.get_nowait()
            await asyncio.sleep(0.005)
        self._close_writer()
        os.close(self._fd)

    def _close_writer(self) -> None:
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def _run(self) -> None:
        try:
            self._read_all()
        except (StreamError, OSError) as error:
            self._error = error
        self._deliver(None)

    def _read_all(self) -> None:
        cutter = Cutter(self.buffers)
        batch: list[Frame] = []
        size = 0
        while not self._stop.is_set():
            frame = cutter.take()
            if frame is not None:
                batch.append(frame)
                size += len(frame.payload)
                last = frame.kind == stream.END
                if last or size >= _BATCH_BYTES:
                    self._deliver(batch)
                    batch, size = [], 0
                if last:
                    return
            elif not self._fill(cutter):
                raise StreamError("the stream ended early: the child that was saving is gone")

    def _fill(self, cutter: Cutter) -> bool:
        """Read what the cutter wants next; False at the end of the pipe."""
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        while not self._stop.is_set():
            if poller.poll(_TICK_S * 1000):
                count = os.readv(self._fd, [cutter.room()])
                cutter.filled(count)
                self.bytes_read += count
                return count > 0
        return False

    def _deliver(self, batch: _Batch) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: nobody waits any more
            future = asyncio.run_coroutine_threadsafe(self._queue.put(batch), self._loop)
            while not self._stop.is_set():
                with contextlib.suppress(FutureTimeout):
                    future.result(_TICK_S)
                    return
            future.cancel()


class Buffers:
    """Memory for large payloads, used again and again: memory that nobody has touched yet is dear."""

    def __init__(self) -> None:
        self._spare: list[bytearray] = []

    def take(self, length: int) -> memoryview:
        """Memory of that length, whatever it holds; at most a block and its check value."""
        if length < _LARGE:
            return memoryview(bytearray(length))
        spare = self._spare.pop() if self._spare else bytearray(stream.BLOCK_SIZE + stream.CHECK_SIZE)
        return memoryview(spare)[:length]

    def give(self, payload: memoryview) -> None:
        """Take memory back that nobody reads any more; called from any thread."""
        if len(payload) >= _LARGE and isinstance(payload.obj, bytearray):
            self._spare.append(payload.obj)


class Cutter:
    """Cuts bytes into frames. A payload of some size is read straight into memory of its own, never copied."""

    def __init__(self, buffers: Buffers | None = None) -> None:
        self._buffers = buffers or Buffers()
        self._buffer = bytearray(_CHUNK)
        self._start = self._end = 0
        self._large: tuple[Frame, int] | None = None  # a frame whose payload is being read, and how far

    def room(self) -> memoryview:
        """Where the next bytes must go."""
        if self._large is not None:
            frame, at = self._large
            return frame.payload[at:]
        if self._start:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest
        return memoryview(self._buffer)[self._end :]

    def filled(self, count: int) -> None:
        """`count` bytes were put there."""
        if self._large is not None:
            frame, at = self._large
            self._large = (frame, at + count)
        else:
            self._end += count

    def take(self) -> Frame | None:
        """The next frame that is complete, or None. StreamError for what is no frame."""
        if self._large is not None:
            frame, at = self._large
            if at < len(frame.payload):
                return None
            self._large = None
            return frame
        return self._cut()

    def _cut(self) -> Frame | None:
        have = self._end - self._start
        if have < stream.HEADER.size:
            return None
        kind, name_length, number, length = stream.parse_header(self._buffer, self._start)
        if have < stream.HEADER.size + name_length:
            return None
        at = self._start + stream.HEADER.size
        name = self._buffer[at : at + name_length].decode("utf-8", "surrogatepass")
        at += name_length
        payload = self._buffers.take(length) if kind == stream.BLOCK else memoryview(bytearray(length))
        present = min(length, self._end - at)
        payload[:present] = self._buffer[at : at + present]
        self._start = at + present
        frame = Frame(kind, name, number, payload)
        if present == length:
            return frame
        self._large = (frame, present)
        return None

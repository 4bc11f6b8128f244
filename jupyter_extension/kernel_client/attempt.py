"""One attempt to save a kernel: one child, from the request to its end.

The agent watches its child; this side watches both, because the kernel may be stopped or gone (then its child can
still finish what it began), and ends the child itself when nothing moves any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

from jupyter_extension.kernel import stream
from jupyter_extension.kernel.stream import StreamError
from jupyter_extension.kernel_client import processes
from jupyter_extension.kernel_client.agent import Connection, KernelAgent
from jupyter_extension.kernel_client.blobs import PartBlobs
from jupyter_extension.kernel_client.errors import KernelBusy, KernelDied
from jupyter_extension.kernel_client.frames import FrameReader

_TICK_S = 1.0
_GRACE_S = 5.0  # how much longer than the agent we are patient


class Attempt:
    """What one child sent, and what became of it. `ended`: the agent's verdict, with `outcome` and `culprit`."""

    def __init__(
        self, agent: KernelAgent, blobs: PartBlobs, deadline: float, hang_s: float, reached: asyncio.Event | None = None
    ) -> None:
        self.hello: dict[str, Any] = {}
        self.report: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self.pauses: list[float] = []
        self.good = False
        self.bytes_read = 0
        self._agent = agent
        self._blobs = blobs
        self._deadline = deadline
        self._hang_s = hang_s
        self._forked = reached if reached is not None else asyncio.Event()
        self._forked.clear()

    async def run(self, request: dict[str, Any]) -> None:
        """Make the attempt; afterwards `good` or `ended` say how it went. Raises KernelBusy, KernelDied, store errors."""
        table = await asyncio.get_running_loop().run_in_executor(None, self._blobs.table)
        reader = FrameReader()
        try:
            async with self._agent.connection() as conn:
                conn.send(request, table, [reader.write_fd])
                reader.start()
                await self._follow(conn, reader)
        finally:
            self.bytes_read = reader.bytes_read
            await reader.close()

    async def _follow(self, conn: Connection, reader: FrameReader) -> None:
        feeding = asyncio.ensure_future(self._feed(reader))
        events = asyncio.ensure_future(self._events(conn))
        try:
            await self._watch(reader, feeding, events)
            if feeding.done():
                feeding.result()
            if not self.good:
                await asyncio.wait({events}, timeout=_GRACE_S)
        finally:
            for task in (feeding, events):
                task.cancel()
            await asyncio.gather(feeding, events, return_exceptions=True)

    async def _watch(self, reader: FrameReader, feeding: asyncio.Future[None], events: asyncio.Future[None]) -> None:
        """Until the stream has ended, or will not end any more."""
        read, moved = 0, time.monotonic()
        while not feeding.done():
            waiting = {feeding} if events.done() else {feeding, events}
            await asyncio.wait(waiting, timeout=_TICK_S, return_when=asyncio.FIRST_COMPLETED)
            forked = self._forked.is_set()
            if reader.bytes_read != read or reader.held_up or not (forked or events.done()):
                read, moved = reader.bytes_read, time.monotonic()
            still = time.monotonic() - moved
            if not forked:
                died = self.ended.get("outcome") == "kernel-died"  # maybe after the fork, and before it could say so
                if events.done() and (not died or still > _GRACE_S):
                    return
                if time.monotonic() > self._deadline:
                    raise KernelBusy("the kernel reached no cell boundary in time; it goes on, try again later")
            elif (still > _GRACE_S and events.done()) or still > self._hang_s + _GRACE_S:
                self._give_up()
                return

    def _give_up(self) -> None:
        if self.hello:
            processes.kill_saver(int(self.hello["pid"]))
        self.ended.setdefault("outcome", "hung")

    async def _feed(self, reader: FrameReader) -> None:
        with contextlib.suppress(StreamError):  # the agent knows more about why it ended early
            async for batch in reader.batches():
                for frame in batch:
                    if frame.kind == stream.HELLO:
                        self.hello = json.loads(bytes(frame.payload))
                        self._forked.set()
                        checked = self.hello.get("check") == stream.CHECK
                        self._blobs.begin(checked=checked, give=reader.buffers.give)
                    elif frame.kind == stream.END:
                        await self._blobs.end()
                        self.report, self.good = json.loads(bytes(frame.payload)), frame.number == 1
                    else:
                        await self._blobs.take(frame)

    async def _events(self, conn: Connection) -> None:
        """What the agent says, until it has said all."""
        while not self.ended:
            try:
                event, _ = await conn.receive()
            except KernelDied:
                self.ended = {"outcome": "kernel-died"}
                return
            if event["event"] == "forked":
                self._forked.set()
                self.pauses.append(float(event["pause_s"]))
            elif event["event"] == "refused":
                self.ended = {"outcome": "refused", "reason": event.get("reason")}
            else:
                self.ended = event

"""The server's side of the agent inside a kernel."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any, AsyncIterator, Sequence

from jupyter_extension.kernel import wire
from jupyter_extension.kernel_client import attach, processes
from jupyter_extension.kernel_client.errors import KernelBusy, KernelDied, KernelNotSupported
from jupyter_extension.kernel_client.silent import SilentClient

_STATUS_TIMEOUT_S = 30.0  # the GIL can be held for long by an extension module of the user's
_MUCH_BYTES = 256 << 10
PROTOCOL = 1


@dataclass(frozen=True)
class AgentStatus:
    """How a kernel stands. `busy`: it handles a request; `notes`: what the agent would log if it had a log."""

    pid: int
    python: str
    busy: bool
    execution_count: int | None
    last_msg_id: str | None
    current_msg_id: str | None
    notes: list[str]
    child: int | None = None
    fork_anywhere: bool = True


class KernelAgent:
    """One kernel's agent, made by `attach`. Its methods may be called by several tasks; each has a connection of its own."""

    def __init__(self, connection_file: str, path: str) -> None:
        self.connection_file = connection_file
        self._path = path
        self._process: processes.Process | None = None

    @classmethod
    async def attach(cls, connection_file: str, *, timeout: float = 60, answer: float = 15) -> KernelAgent:
        """Find the kernel's agent, or start it there by a silent request, which waits for a cell that is running.

        Raises KernelNotFound (nothing answers within `answer` seconds), KernelNotSupported (the kernel is left alone;
        the message says why) or KernelBusy (a cell ran for longer than `timeout` seconds).
        """
        agent = cls(connection_file, attach.socket_path(connection_file))
        with contextlib.suppress(KernelDied):  # a socket whose kernel is gone, or was restarted
            await agent._meet()
            return agent
        await attach.inject(connection_file, timeout=timeout, answer=answer)
        await agent._meet()
        return agent

    async def _meet(self) -> None:
        try:
            self._process = processes.Process.of((await self.status()).pid)
        except ProcessLookupError as error:
            raise KernelDied("the kernel ended in this moment") from error

    @property
    def pid(self) -> int:
        """The number of the kernel's process."""
        return self.process.pid

    @property
    def process(self) -> processes.Process:
        """The kernel's process."""
        if self._process is None:
            raise RuntimeError("an agent is made by `attach`")
        return self._process

    async def status(self) -> AgentStatus:
        """Ask the agent. KernelDied if it is gone, KernelBusy if it does not answer."""
        try:
            answer, _ = await asyncio.wait_for(self.ask({"op": "status"}), _STATUS_TIMEOUT_S)
        except asyncio.TimeoutError as error:
            raise KernelBusy(
                f"the kernel's agent did not answer within {_STATUS_TIMEOUT_S:g} s; is it stopped?"
            ) from error
        if answer.get("protocol") != PROTOCOL:
            raise KernelNotSupported(
                "left alone: another version of the session migrator runs in it; restart the kernel"
            )
        known = AgentStatus.__dataclass_fields__
        return AgentStatus(**{key: value for key, value in answer.items() if key in known})

    async def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """One request, one answer. KernelDied if the connection cannot be made or breaks."""
        async with self.connection() as conn:
            conn.send(request)
            return await conn.receive()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of one's own; closing it cancels what was asked for on it. KernelDied without a kernel."""
        sock = attach.connect(self._path)
        if sock is None:
            raise KernelDied("the kernel's agent is not there: the kernel ended or was restarted")
        try:
            yield Connection(sock)
        finally:
            sock.close()

    async def evaluate(self, expression: str, *, timeout: float) -> None:
        """Evaluate an expression of ours in the kernel's main thread, unseen by the user; see `SilentClient.evaluate`."""
        async with SilentClient(self.connection_file) as client:
            await client.evaluate(expression, timeout)

    async def remember(self, key: str, value: str) -> None:
        """Leave a note in the kernel, for as long as it lives; for one who has no memory of its own."""
        await self.ask({"op": "remember", "key": key, "value": value})

    async def recall(self, key: str) -> str | None:
        """The note of that key, or None."""
        answer, _ = await self.ask({"op": "recall", "key": key})
        value: str | None = answer.get("value")
        return value

    async def freeze(self) -> None:
        """Stop the kernel and its children (SIGSTOP). Whatever ended meanwhile needs no stopping."""
        await asyncio.get_running_loop().run_in_executor(None, processes.freeze, self.process)

    async def thaw(self) -> None:
        """Let them go on (SIGCONT)."""
        await asyncio.get_running_loop().run_in_executor(None, processes.thaw, self.process)

    async def close(self) -> None:
        """Nothing is held between calls; the agent stays in the kernel."""


class Connection:
    """One connection to the agent, on the event loop."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, message: dict[str, Any], blob: bytes = b"", fds: Sequence[int] = ()) -> None:
        """Send a message with descriptors; only its first bytes must fit, the rest is sent in `send_all`."""
        self._sock.setblocking(True)
        try:
            wire.send(self._sock, message, blob, fds)
        except OSError as error:
            raise KernelDied(f"the connection to the kernel broke: {error}") from error
        finally:
            self._sock.setblocking(False)

    async def send_all(self, data: wire.Buffer) -> None:
        """Send raw bytes after a message. KernelDied if the kernel ends.

        Much at once is sent by a thread: the socket takes some 200 KB at a time, and on a busy machine the loop would be
        late for each of these.
        """
        try:
            if len(data) < _MUCH_BYTES:
                await asyncio.get_running_loop().sock_sendall(self._sock, data)
            else:
                await self._send_in_thread(data)
        except OSError as error:
            raise KernelDied(f"the kernel ended: {error}") from error

    async def _send_in_thread(self, data: wire.Buffer) -> None:
        self._sock.setblocking(True)
        sending = asyncio.get_running_loop().run_in_executor(None, self._sock.sendall, data)
        try:
            await asyncio.wait({sending})
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)  # the thread must not wait for a kernel that takes nothing
            await asyncio.wait({sending})
            sending.exception()  # of no interest any more
            raise
        finally:
            self._sock.setblocking(False)
        sending.result()

    async def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message. KernelDied at the end of the connection."""
        head = await self.exactly(wire.HEADER.size)
        try:
            json_length, blob_length = wire.lengths(head)
            message = wire.decode(await self.exactly(json_length))
        except wire.WireError as error:
            raise KernelDied(f"the kernel ended while it was at work for us: {error}") from error
        return message, await self.exactly(blob_length)

    async def exactly(self, count: int) -> bytes:
        """So many raw bytes. KernelDied at the end of the connection."""
        try:
            return await self._exactly(count)
        except (OSError, wire.WireError) as error:
            raise KernelDied(f"the kernel ended while it was at work for us: {error}") from error

    async def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = await asyncio.get_running_loop().sock_recv(self._sock, min(count - len(data), 1 << 20))
            if not piece:
                raise wire.WireError("the connection was closed")
            data += piece
        return bytes(data)

"""The four ZMQ channels under a page's identity, wherever they are now: in its websocket, in the server's buffer, or held by us.

A kernel answers a request to the identity of the DEALER that sent it, and a page's identity is its websocket's `session_id`.
So what is sent on a page's behalf while it is away must go out on channels of that identity, and its answers must wait there.
The server keeps such a buffer for one page of each kernel; the others' are kept here and swapped in when they return.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, List

CHANNELS = ("iopub", "shell", "control", "stdin")
Filter = Callable[[str, str, str, List[Any]], bool]
Buffer = Dict[str, Any]


class PageChannels:
    """Finds, opens and keeps channels by kernel and client. `passes` decides which messages are for the page."""

    def __init__(self, managers: Any, connection_class: Any, passes: Filter) -> None:
        self._managers, self._connections, self._passes = managers, connection_class, passes
        self._held: dict[tuple[str, str], Buffer] = {}
        self.others: set[Any] = set()
        """Open websockets of another make, which keep no list of themselves."""

    def connection(self, kernel: str, client: str) -> Any | None:
        """The page's websocket, if it is open."""
        key = f"{kernel}:{client}"
        live = [c for c in self._own() if c.session_key == key and c.channels]
        return live[-1] if live else None

    def connections(self) -> list[Any]:
        """All open websockets to kernels."""
        return [*self._own(), *self.others]

    def _own(self) -> list[Any]:
        return list(getattr(self._connections, "_open_sockets", ()))

    def channels(self, kernel: str, client: str) -> dict[str, Any]:
        """The client's channels, opened and buffered if it is away."""
        live = self.connection(kernel, client)
        if live is not None:
            return dict(live.channels)
        buffer = self._buffer(kernel, client)
        return dict(buffer["channels"])

    def _buffer(self, kernel: str, client: str) -> Buffer:
        key = f"{kernel}:{client}"
        servers = self._managers._kernel_buffers
        if kernel in servers and servers[kernel]["session_key"] == key:
            return dict(servers[kernel])
        if (kernel, client) not in self._held:
            self._held[kernel, client] = self._open(kernel, client, key)
        return self._held[kernel, client]

    def _open(self, kernel: str, client: str, key: str) -> Buffer:
        manager = self._managers.get_kernel(kernel)
        buffer: Buffer = {"session_key": key, "buffer": [], "channels": {}}
        for name in CHANNELS:
            stream = getattr(manager, "connect_" + name)(identity=client.encode())
            stream.channel = name
            buffer["channels"][name] = stream
        self.fill(kernel, client, buffer)
        return buffer

    def fill(self, kernel: str, client: str, buffer: Buffer) -> None:
        """From now on these channels' messages go into the buffer, but for those that aren't for the page."""
        for name, stream in buffer["channels"].items():
            stream.on_recv(functools.partial(self._keep, kernel, client, name, buffer))

    def _keep(self, kernel: str, client: str, name: str, buffer: Buffer, frames: list[Any]) -> None:
        if self._passes(kernel, client, name, frames):
            buffer["buffer"].append((name, frames))

    def deliver(self, kernel: str, client: str, channel: str, frames: list[Any]) -> None:
        """Give the page a message of ours: at once, or when it returns."""
        live = self.connection(kernel, client)
        if live is not None:
            live.handle_outgoing_message(channel, frames)
        else:
            self._buffer(kernel, client)["buffer"].append((channel, frames))

    def watch_buffer(self, kernel: str, client: str) -> None:
        """The page has just left and the server has begun to buffer for it: let our filter see what goes in."""
        servers = self._managers._kernel_buffers
        if kernel in servers and servers[kernel]["session_key"] == f"{kernel}:{client}":
            self.fill(kernel, client, servers[kernel])

    def adopt(self, kernel: str, client: str) -> None:
        """The page returns: put its buffer where the server looks for it, keeping another page's."""
        held = self._held.pop((kernel, client), None)
        servers = self._managers._kernel_buffers
        current = servers.get(kernel)
        if current is not None and current["session_key"] != f"{kernel}:{client}" and current["channels"]:
            other = str(current["session_key"]).partition(":")[2]
            self._held[kernel, other] = servers.pop(kernel)
        if held is not None:
            servers[kernel] = held

    def forget(self, kernel: str) -> None:
        """The kernel is gone: close what is held for it."""
        for key in [k for k in self._held if k[0] == kernel]:
            for stream in self._held.pop(key)["channels"].values():
                if not stream.closed():
                    stream.close()

"""A connection between page and kernel that is not Jupyter's own, made as jupyter-server-documents makes its: for tests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    BaseKernelWebsocketConnection,
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.websocket import WebSocketClosedError


class ForeignConnection(BaseKernelWebsocketConnection):  # type: ignore[misc]
    """Has a client of its own; its `connect` is a coroutine, and it keeps no list of its kind."""

    kernel_ws_protocol = "v1.kernel.websocket.jupyter.org"
    client: Any = None

    async def connect(self) -> None:
        self.client = self.kernel_manager.client()
        self.client.load_connection_info(self.kernel_manager.get_connection_info())
        self.client.start_channels(hb=False)
        await self.subscribed()
        self.tasks = [asyncio.create_task(self.listen(name)) for name in ("shell", "control", "stdin", "iopub")]

    async def subscribed(self) -> None:
        """What a kernel says before it knows of a subscription reaches nobody: ask until its answer is heard."""
        heard = 0
        while not heard:
            self.client.kernel_info()
            heard = await self.client.iopub_channel.socket.poll(200)

    def disconnect(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.client.stop_channels()

    def handle_incoming_message(self, incoming_msg: bytes) -> None:
        name, parts = deserialize_msg_from_ws_v1(incoming_msg)
        self.client.session.send_raw(getattr(self.client, f"{name}_channel").socket, parts)

    async def listen(self, name: str) -> None:
        with contextlib.suppress(WebSocketClosedError):
            while True:
                frames = await getattr(self.client, f"{name}_channel").socket.recv_multipart()
                parts = self.client.session.feed_identities(frames)[1][1:]
                self.websocket_handler.write_message(serialize_msg_to_ws_v1(parts, name), binary=True)

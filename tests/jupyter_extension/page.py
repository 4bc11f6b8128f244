"""A page that speaks to a kernel as JupyterLab does, without a browser."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.jupyter_extension.server import TOKEN, Server, until

V1 = "v1.kernel.websocket.jupyter.org"


@dataclass
class Cell:
    """What the page knows of one request."""

    msg_id: str
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [m for _, m in self.messages if m["header"]["msg_type"] == kind]

    @property
    def text(self) -> str:
        """What stands under the cell: a clear_output wipes it, as on the page."""
        shown = ""
        for _, m in self.messages:
            if m["header"]["msg_type"] == "clear_output":
                shown = ""
            if m["header"]["msg_type"] == "stream":
                shown += m["content"]["text"]
        return shown

    @property
    def reply(self) -> dict[str, Any] | None:
        replies = self.of("execute_reply")
        assert len(replies) < 2, "two replies for one cell"
        return replies[0]["content"] if replies else None

    @property
    def ended(self) -> bool:
        idle = any(m["content"]["execution_state"] == "idle" for m in self.of("status"))
        return self.reply is not None and idle


class Page:
    """A page with one kernel: keeps its session id and its cells over reconnects, as JupyterLab does."""

    def __init__(self, kernel: str, *, v1: bool = True) -> None:
        self.kernel, self.v1 = kernel, v1
        self.client = uuid.uuid4().hex
        self.cells: dict[str, Cell] = {}
        self.cell_ids: dict[str, str] = {}
        self.said: dict[str, tuple[list[dict[str, Any]], str]] = {}
        self.stray: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.connection: WebSocketClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, server: Server) -> Page:
        url = f"{server.url.replace('http', 'ws', 1)}api/kernels/{self.kernel}/channels?session_id={self.client}&token={TOKEN}"
        self.connection = await websocket_connect(HTTPRequest(url), subprotocols=[V1] if self.v1 else None)
        self._reader = asyncio.ensure_future(self._read(self.connection))
        return self

    async def _read(self, connection: WebSocketClientConnection) -> None:
        while True:
            frame = await connection.read_message()
            if frame is None:
                connection.close()
                return
            channel, msg = self._decode(frame)
            self._take(channel, msg)

    def _decode(self, frame: Any) -> tuple[str, dict[str, Any]]:
        if self.v1:
            channel, parts = deserialize_msg_from_ws_v1(frame)
            keys = ("header", "parent_header", "metadata", "content")
            return channel, dict(zip(keys, map(json.loads, parts[:4]), strict=False))
        msg = json.loads(frame)
        return msg["channel"], msg

    def _take(self, channel: str, msg: dict[str, Any]) -> None:
        if msg["header"]["msg_type"] == "input_request":
            self.asked.append(msg)
        cell = self.cells.get(msg["parent_header"].get("msg_id", ""))
        if cell is None:
            self.stray.append(msg)
        elif not (cell.ended and channel == "iopub"):
            cell.messages.append((channel, msg))
        else:
            self.stray.append(msg)

    @property
    def closed(self) -> bool:
        return self._reader is None or self._reader.done()

    async def leave(self) -> None:
        assert self.connection is not None
        self.connection.close()
        await until(lambda: self.closed, "the page's websocket to close")

    async def send(self, kind: str, content: dict[str, Any], channel: str = "shell", **metadata: Any) -> str:
        header = {
            "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": self.client, "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        self.said[header["msg_id"]] = ([header, {}, metadata, content], channel)
        await self._say(*self.said[header["msg_id"]])
        return header["msg_id"]

    async def _say(self, parts: list[dict[str, Any]], channel: str) -> None:
        assert self.connection is not None
        if self.v1:
            frame = serialize_msg_to_ws_v1([json.dumps(p).encode() for p in parts], channel)
            await self.connection.write_message(frame, binary=True)
        else:
            msg = dict(zip(("header", "parent_header", "metadata", "content"), parts, strict=True))
            await self.connection.write_message(json.dumps({**msg, "channel": channel, "buffers": []}))

    async def say_again(self, cell: Cell) -> Cell:
        """As a page does that cannot know whether its request arrived, or missed the end."""
        again = self.cells[cell.msg_id] = Cell(cell.msg_id)
        await self._say(*self.said[cell.msg_id])
        return again

    async def start(self, code: str, **metadata: Any) -> Cell:
        """Run a cell, without waiting for it."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True,
                   "stop_on_error": True}  # fmt: skip
        cell_id = uuid.uuid4().hex[:8]
        msg_id = await self.send("execute_request", content, cellId=cell_id, **metadata)
        self.cells[msg_id] = Cell(msg_id)
        self.cell_ids[msg_id] = cell_id
        return self.cells[msg_id]

    async def run(self, code: str, **metadata: Any) -> Cell:
        """Run a cell to its end."""
        cell = await self.start(code, **metadata)
        await until(lambda: cell.ended, f"the end of {code!r}")
        return cell

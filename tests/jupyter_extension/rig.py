"""Two real Jupyter servers, a real gateway on a file store, and a page that speaks as JupyterLab does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from migrator.gateway.app import start as start_gateway
from migrator.gateway.settings import Gateway
from migrator.session import Owner, Record, SessionRecords, Target, new_session_id, phases
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.snapshot import SessionKeys, read_journal
from migrator.storage import open_store
from tests.jupyter_extension import described

SECRET = b"federation-secret-of-at-least-32-bytes"
KEY = bytes(range(32))
TOKEN = "page-token"
V1 = "v1.kernel.websocket.jupyter.org"
API = "migrator/api/"
LIMIT_S = 90.0
OFF = ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp")  # they only make each start slower
EXTENSIONS = [
    f"--ServerApp.jpserver_extensions={name}={on}"
    for name, on in [("jupyter_extension", True), ("jupyter_server_terminals", True), *((name, False) for name in OFF)]
]


async def until(check: Callable[[], Any], what: str = "", limit: float = LIMIT_S) -> Any:
    """Wait for a condition; it may be async."""
    end = time.monotonic() + limit
    while True:
        found = check()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"waited {limit} s for {what or check}"
        await asyncio.sleep(0.05)


@dataclass
class Server:
    """One Jupyter server process with its own home."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    control_token: str
    log: Path
    base_url: str = "/user/x/"
    client: AsyncHTTPClient = field(default_factory=SimpleAsyncHTTPClient)
    described: bool = True
    """Whether it has all that `openapi.yaml` describes."""
    answered: set[described.Answered] = field(default_factory=set)
    """What the extension was asked, and answered as it is described."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, scheme: str = "token", **more: Any
    ) -> HTTPResponse:
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        sent = body if isinstance(body, bytes) else json.dumps(body or {})
        data = sent if method in {"POST", "PUT", "PATCH"} else None
        request = HTTPRequest(
            self.url + path, method=method, headers={**headers, **more}, body=data, request_timeout=120
        )
        answer = await AsyncHTTPClient(force_instance=True).fetch(request, raise_error=False)
        if self.described and path.startswith(API):
            self.answered.add(described.check(method, path[len("migrator") :], answer))
        return answer

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.call(method, path, body)
        assert answer.code < 300, (answer.code, answer.body, self.log.read_text()[-3000:])
        return json.loads(answer.body or b"null")

    async def control(self, path: str, body: Any = None) -> Any:
        answer = await self.call("POST", f"migrator/api/v1/{path}", body, token=self.control_token, scheme="Bearer")
        assert answer.code == 200, (answer.code, answer.body, self.log.read_text()[-4000:])
        return json.loads(answer.body)

    async def status(self) -> Any:
        return await self.json("GET", "migrator/api/v1/status")

    async def notebook(self, path: str = "a.ipynb", kernel_name: str = "python3") -> tuple[str, str]:
        """A session with its kernel: (session id, kernel id)."""
        (self.home / path).parent.mkdir(parents=True, exist_ok=True)
        (self.home / path).write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        model = await self.json(
            "POST",
            "api/sessions",
            {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": kernel_name}},
        )
        return model["id"], model["kernel"]["id"]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    async def end(self) -> None:
        self.kill(signal.SIGTERM)
        try:
            await until(lambda: self.process.poll() is not None, "the server's end", 40)
        finally:
            self.kill()
            self.process.wait()


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


class Rig:
    """A session, its gateway, its servers and its pages."""

    described = True

    def __init__(self, folder: Path, store_url: str = "") -> None:
        self.folder = folder
        self.store_url = store_url or f"file://{folder}/store"
        self.records = SessionRecords(open_store(self.store_url))
        self.servers: list[Server] = []
        self.pages: list[Page] = []
        self.options: list[str] = []
        self.environment: dict[str, str] = {}
        self._sockets = tempfile.TemporaryDirectory(prefix="sm-")  # short: a socket's path has 107 bytes
        self.gateway: Any = None
        self.id = new_session_id()
        self._secret = folder / "secret"
        self._secret.write_bytes(SECRET)

    async def begin(self, **settings: Any) -> None:
        await self.open_gateway(**settings)
        sealed = seal(SECRET, self.id, Secrets(KEY, TOKEN, {}))
        record = Record(id=self.id, epoch=1, phase="starting", owner=Owner("a", "/user/x/"), sealed=sealed)
        await self.records.create(record)

    async def open_gateway(self, port: int = 0, **settings: Any) -> None:
        options = Gateway(store=self.store_url, secret_file=str(self._secret), port=port, **settings)
        self.gateway = await start_gateway(options)
        self.port = int(self.gateway.url.rpartition(":")[2])

    async def close_gateway(self) -> None:
        await self.gateway.stop()
        self.gateway = None

    async def server(self, name: str, *arguments: str, epoch: int = 1, gateway: bool = True) -> Server:
        """Start a server for this session's epoch and wait until it answers."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        control = issue(SECRET, "control", self.id, epoch)
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("MIGRATOR_", "JUPYTER", "JPY_"))},
            "HOME": str(home), "TMPDIR": str(self._tmp(name)), "JUPYTER_CONFIG_DIR": str(self.folder / f"{name}-config"),
            "JUPYTER_RUNTIME_DIR": f"{self._sockets.name}/{name}", "PYTHONWARNINGS": "ignore", "IPYTHONDIR": str(home / ".ipython"), **self.environment,
        }  # fmt: skip
        if gateway:
            env.update(
                MIGRATOR_GATEWAY_URL=f"http://127.0.0.1:{self.port}", MIGRATOR_SESSION_ID=self.id, MIGRATOR_MEMBER=name,
                MIGRATOR_SESSION_TOKEN=issue(SECRET, "session", self.id, epoch), MIGRATOR_CONTROL_TOKEN=control,
            )  # fmt: skip
        return await self._start(name, home, control, env, arguments)

    def _tmp(self, name: str) -> Path:
        tmp = self.folder / f"{name}-tmp"
        tmp.mkdir(exist_ok=True)
        return tmp

    async def _start(
        self, name: str, home: Path, control: str, env: dict[str, str], arguments: tuple[str, ...]
    ) -> Server:
        log, port = self.folder / f"{name}.log", free_port()
        command = self.command(port, home, arguments)
        with log.open("ab") as out:
            process = subprocess.Popen(command, env=env, cwd=home, stdout=out, stderr=out, stdin=subprocess.DEVNULL)  # noqa: ASYNC220 - returns at once
        server = Server(process, port, home, control, log, described=self.described)
        self.servers.append(server)
        await until(lambda: self._up(server), f"{name} to answer")
        return server

    def command(self, port: int, home: Path, arguments: tuple[str, ...]) -> list[str]:
        """What starts a server."""
        return [
            sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--ServerApp.base_url=/user/x/",
            f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}", "--allow-root", *EXTENSIONS, *self.options, *arguments,
        ]  # fmt: skip

    async def _up(self, server: Server) -> bool:
        assert server.process.poll() is None, server.log.read_text()[-4000:]
        try:
            return (await server.call("GET", "api/status")).code == 200
        except (OSError, HTTPClientError):  # nobody listens, or not for long
            return False

    async def in_state(self, server: Server, state: str) -> Any:
        async def check() -> Any:
            try:
                status = await server.status()
            except ConnectionRefusedError:  # another test's server had the port a moment ago, and has ended
                assert server.process.poll() is None, server.log.read_text()[-4000:]
                return None
            ready = status["session"] and status["state"] == state
            return status if ready else None

        return await until(check, f"the state {state}")

    async def begin_move(self, name: str = "b") -> Server:
        """The record wants to move; a standby starts at the target."""
        await self.records.update(self.id, lambda r: phases.begin_move(r, Target(name, "/user/x/")))
        record = await self.records.get(self.id)
        return await self.server(name, epoch=record.epoch + 1)

    async def fence(self, name: str = "b") -> Record:
        return await self.records.update(self.id, lambda r: phases.fence(r, Owner(name, "/user/x/")))

    async def record(self) -> Record:
        return await self.records.get(self.id)

    async def saved(self, after: str | None = None) -> str:
        """Wait until a snapshot other than `after` is durable."""

        async def check() -> str | None:
            snapshot = (await self.record()).snapshot
            return snapshot if snapshot != after else None

        return str(await until(check, "a durable snapshot"))

    async def page(self, server: Server, kernel: str, *, v1: bool = True) -> Page:
        """A page that is connected."""
        page = await Page(kernel, v1=v1).connect(server)
        self.pages.append(page)
        return page

    async def journalled(self, msg_id: str) -> None:
        """Wait until the journal holds this request."""

        async def check() -> bool:
            rows = await read_journal(self.records.objects(self.id), SessionKeys(KEY), self.id, (0, 0))
            entries = [e for _, _, batch in rows for e in batch]
            return any(e["type"] == "request" and e["msg"]["header"]["msg_id"] == msg_id for e in entries)

        await until(check, "the request in the journal")

    async def end(self) -> None:
        await asyncio.gather(*(p.leave() for p in self.pages))
        await asyncio.gather(*(s.end() for s in self.servers), return_exceptions=True)
        if self.gateway is not None:
            await self.close_gateway()
        await asyncio.to_thread(self._kill_the_frozen)
        self._sockets.cleanup()

    def _kill_the_frozen(self) -> None:
        """Kernels of a server that a test killed after its freeze would stand still for ever."""
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if f"{self._sockets.name}/".encode() in command.read_bytes():
                    os.kill(int(command.parent.name), signal.SIGKILL)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

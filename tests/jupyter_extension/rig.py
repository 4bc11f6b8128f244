"""Two real Jupyter servers, a real gateway on a file store, and their pages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPClientError

from migrator.gateway.app import start as start_gateway
from migrator.gateway.settings import Gateway
from migrator.session import Owner, Record, SessionRecords, Target, new_session_id, phases
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.snapshot import SessionKeys, read_journal
from migrator.storage import open_store
from tests.jupyter_extension.page import Page
from tests.jupyter_extension.server import TOKEN, Server, until
from tests.rigs.ports import free_ports

SECRET = b"federation-secret-of-at-least-32-bytes"
KEY = bytes(range(32))
OFF = ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp")  # they only make each start slower
EXTENSIONS = [
    f"--ServerApp.jpserver_extensions={name}={on}"
    for name, on in [("jupyter_extension", True), ("jupyter_server_terminals", True), *((name, False) for name in OFF)]
]


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
        log, (port,) = self.folder / f"{name}.log", free_ports(1)
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

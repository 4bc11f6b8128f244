"""A real Jupyter server in a process of its own, asked as its page and its controller ask it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from tests.jupyter_extension import described

TOKEN = "page-token"
API = "migrator/api/"
LIMIT_S = 90.0


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

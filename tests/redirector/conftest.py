"""Two members as the redirector sees them: what a BinderHub answers, and a controller that acts on real session records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from migrator.redirector.app import start
from migrator.redirector.settings import Redirector
from migrator.serving.service import Service
from migrator.session import Owner, Record, SessionRecords, Target, new_session_id, phases
from migrator.session.sealing import Secrets, seal
from migrator.storage.opening import open_store

SECRET = b"federation-secret-of-at-least-32-bytes"
LINK = "/v2/gh/org/repo/HEAD"


@dataclass
class Member:
    """A stand-in for a member's front; its fields are what it answers."""

    name: str
    records: SessionRecords
    url: str = ""
    pods: int = 0
    ok: bool = True
    version: str = "1"
    session: str | None = None
    garbled: bool = False
    seen: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    server: HTTPServer | None = None

    def listen(self) -> None:
        sockets = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        rules = [
            (r"/health", HealthHandler), (r"/versions", VersionsHandler), (r"/build/.*", BuildHandler),
            (r"/v1/sessions", FindHandler), (r"/v1/sessions/([^/]+)/resume", ResumeHandler), (r"/v1/room", RoomHandler),
            (r"/healthz", OkHandler), (r".*", PageHandler),
        ]  # fmt: skip
        self.server = HTTPServer(Application(rules, member=self))
        self.server.add_sockets(sockets)

    async def go_away(self) -> None:
        if self.server is not None:
            self.server.stop()
            await self.server.close_all_connections()

    async def new_session(self) -> str:
        session = new_session_id()
        sealed = seal(SECRET, session, Secrets(bytes(32), "the-token", {}))
        owner = Owner(self.name, "/user/x/", "http://127.0.0.1:1")
        record = Record(id=session, epoch=1, phase="active", owner=owner, user="x", sealed=sealed, snapshot_at=1e9)
        await self.records.create(record)
        self.session = session
        return session


class MemberHandler(RequestHandler):
    @property
    def member(self) -> Member:
        return self.settings["member"]


class HealthHandler(MemberHandler):
    def get(self) -> None:
        self.member.asked += 1
        self.set_status(200 if self.member.ok else 503)
        if self.member.garbled:
            self.write("<html>")
            return
        pods = {"service": "Pod quota", "total_pods": self.member.pods, "quota": 100, "ok": True}
        self.write({"ok": self.member.ok, "checks": [{"service": "JupyterHub API", "ok": self.member.ok}, pods]})


class VersionsHandler(MemberHandler):
    def get(self) -> None:
        self.write({"binderhub": self.member.version})


class BuildHandler(MemberHandler):
    async def get(self) -> None:
        self.member.seen.append(dict(self.request.headers))
        self.set_header("Content-Type", "text/event-stream")
        events = [{"phase": "launching", "message": "...\n"}]
        events.append({"phase": "ready", "url": f"{self.member.url}/user/x/", "token": "the-token", "message": "ok\n"})
        for event in events:
            text = f"data: {json.dumps(event)}\n\n"
            for part in (text[:10], text[10:]):
                self.write(part)
                await self.flush()


class FindHandler(MemberHandler):
    async def get(self) -> None:
        assert self.request.headers["Authorization"] == f"Bearer {SECRET.decode()}"
        found = [await self.member.records.get(self.member.session)] if self.member.session else []
        self.write({"sessions": [record.to_json() for record in found]})


class ResumeHandler(MemberHandler):
    async def post(self, session: str) -> None:
        target = Target(self.member.name, "/user/x/")

        def change(record: Record) -> Record:
            if record.phase == "active":
                return phases.begin_move(record, target)
            return phases.begin_resume(record, target)

        await self.member.records.update(session, change)
        self.set_status(202)


class RoomHandler(MemberHandler):
    def get(self) -> None:
        self.write({"public_url": self.member.url})


class OkHandler(MemberHandler):
    def get(self) -> None:
        self.write({"ok": True})


class PageHandler(MemberHandler):
    def get(self) -> None:
        self.member.seen.append(dict(self.request.headers))
        self.add_header("Set-Cookie", "one=1")
        self.add_header("Set-Cookie", "two=2")
        self.write(f"page of {self.member.name} at {self.request.path}")


@dataclass
class Browser:
    """Keeps cookies; follows nothing."""

    url: str
    client: AsyncHTTPClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def go(self, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        answer = await self.client.fetch(
            self.url + path, method=method, body="" if method == "POST" else None, headers={**sent, **headers},
            follow_redirects=False, raise_error=False,
        )  # fmt: skip
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["path"] in {"/", ""}:
                    self.cookies[name] = morsel.value
        return answer


@dataclass
class Rig:
    a: Member
    b: Member
    service: Service
    records: SessionRecords
    client: AsyncHTTPClient
    folder: Path

    def browser(self) -> Browser:
        return Browser(self.service.url, self.client)

    async def until_active(self, *names: str) -> None:
        """Wait until exactly these members take launches."""
        async with asyncio.timeout(60):
            while set(json.loads((await self.browser().go("/active_hosts")).body)["active_hosts"]) != set(names):
                await asyncio.sleep(0.02)


@pytest.fixture
async def make_rig(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    (tmp_path / "secret").write_bytes(SECRET)
    store = open_store(f"file://{tmp_path}/store")
    records = SessionRecords(store)
    members = [Member(name, records) for name in ("a", "b")]
    client = AsyncHTTPClient(force_instance=True)
    services: list[Service] = []

    async def make(**settings: Any) -> Rig:
        for member in members:
            member.listen()
        hosts = {m.name: {"url": m.url, "prime": m.name == "a", "controller": m.url} for m in members}
        chosen = {
            "hosts": {**hosts, "gone": None, "idle": {"url": "http://x", "weight": 0}},
            "store": f"file://{tmp_path}/store",
            "secret_file": str(tmp_path / "secret"),
            "check_period": 0.05,
            "check_failed_period": 0.05,
            "check_retries": 1,
            "secure_cookies": False,
            **settings,
        }
        services.append(await start(Redirector(**chosen)))
        return Rig(members[0], members[1], services[0], records, client, tmp_path)

    yield make
    for service in services:
        await service.stop()
    for member in members:
        await member.go_away()
    client.close()
    await store.close()


@pytest.fixture
async def rig(make_rig: Callable[..., Any]) -> Rig:
    return await make_rig()

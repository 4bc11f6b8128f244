"""A small gateway, the objects part of it only, for tests of its client: with faults that a real one has rarely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from migrator.storage import (
    Conflict,
    Denied,
    InvalidKey,
    NotFound,
    QuotaExceeded,
    StorageError,
    StoreFull,
)
from migrator.storage.memory import MemoryStore

TOKEN = "a-session-token"
STATUSES: dict[type[StorageError], tuple[int, str]] = {
    InvalidKey: (400, "bad_name"),
    Denied: (403, "denied"),
    NotFound: (404, "not_found"),
    Conflict: (412, "conflict"),
    QuotaExceeded: (413, "quota"),
    StoreFull: (507, "store_full"),
}


@dataclass
class ObjectGateway:
    """`url` to reach it; `epoch` fences writers when it is set; `faults` are used up, one per request."""

    url: str = ""
    store: MemoryStore = field(default_factory=MemoryStore)
    fenced_by: int | None = None
    refuse: list[int] = field(default_factory=list)  # statuses answered before anything is done
    lose: int = 0  # so many requests are done, and their connection is then cut without an answer
    fail_with: StorageError | None = None
    requests: int = 0


class _Objects(RequestHandler):
    def initialize(self, gateway: ObjectGateway) -> None:
        self.gateway = gateway

    async def prepare(self) -> None:
        self.gateway.requests += 1
        if self.request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, "bad_token")
        elif self.gateway.refuse:
            self.answer(self.gateway.refuse.pop(0), "store_unavailable")
        elif self.gateway.fenced_by is not None and self.request.method in ("PUT", "DELETE"):
            self.answer(409, "fenced", epoch=self.gateway.fenced_by)

    def answer(self, status: int, error: str, **more: object) -> None:
        self.set_status(status)
        self.finish({"error": error, "message": f"the gateway says {error}", **more})

    async def put(self, key: str) -> None:
        match = self.request.headers.get("If-Match", "").strip('"') or None
        absent = self.request.headers.get("If-None-Match") == "*"
        await self.guarded(self._put(key, absent, match))

    async def _put(self, key: str, absent: bool, match: str | None) -> None:
        if self.gateway.fail_with is not None:
            raise self.gateway.fail_with
        etag = await self.gateway.store.put(key, self.request.body, if_absent=absent, if_match=match)
        self.set_status(201)
        self.set_header("ETag", f'"{etag}"')

    async def get(self, key: str) -> None:
        await self.guarded(self._list(key) if key.endswith("/") else self._get(key))

    async def head(self, key: str) -> None:
        await self.guarded(self._get(key))

    async def delete(self, key: str) -> None:
        await self.guarded(self.gateway.store.delete(key))
        self.set_status(204)

    async def _get(self, key: str) -> None:
        data, etag = await self.gateway.store.get_with_etag(key)
        info = await self.gateway.store.head(key)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Last-Modified", formatdate(info.modified, usegmt=True))
        first, _, last = self.request.headers.get("Range", "bytes=0-").replace("bytes=", "").partition("-")
        if data and int(first) >= len(data):
            self.answer(416, "bad_range")
            return
        if "Range" in self.request.headers:
            self.set_status(206)
        self.write(data[int(first) : int(last) + 1 if last else None])
        self.set_header("ETag", f'"{etag}"')

    async def _list(self, folder: str) -> None:
        found = [vars(info) async for info in self.gateway.store.list(folder)]
        self.write({"objects": found})

    async def guarded(self, work: object) -> None:
        try:
            await work
        except StorageError as error:
            status, name = STATUSES[type(error)]
            self.answer(status, name)
        if self.gateway.lose:
            self.gateway.lose -= 1
            self.request.connection.stream.close()

    def compute_etag(self) -> None:
        return None


@asynccontextmanager
async def object_gateway() -> AsyncIterator[ObjectGateway]:
    """Run one on a free port."""
    gateway = ObjectGateway()
    server = HTTPServer(Application([(r"/v1/objects/(.*)", _Objects, {"gateway": gateway})]), max_buffer_size=2**28)
    sock, port = bind_unused_port()
    server.add_socket(sock)
    gateway.url = f"http://127.0.0.1:{port}"
    try:
        yield gateway
    finally:
        server.stop()
        await server.close_all_connections()

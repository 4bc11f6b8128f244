from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httputil import HTTPHeaders

from migrator.gateway.app import start
from migrator.gateway.settings import Gateway
from migrator.session import Owner, Record, SessionRecords, Target, new_session_id, phases
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.storage.gateway import GatewayStore
from migrator.storage.opening import open_store

SECRET = b"federation-secret-of-at-least-32-bytes"
KEY = bytes(range(32))


@dataclass
class Rig:
    """A gateway that runs, the records behind it, and calls to it as a pod makes them."""

    url: str
    records: SessionRecords
    folder: Path
    client: AsyncHTTPClient

    async def session(self, **changes: Any) -> Record:
        name = new_session_id()
        sealed = seal(SECRET, name, Secrets(KEY, "token", {}))
        record = Record(id=name, epoch=1, phase="starting", owner=Owner("a", "/user/x/"), sealed=sealed, **changes)
        return await self.records.create(record)

    async def moving(self) -> Record:
        record = await self.session()
        await self.records.update(record.id, phases.started)
        return await self.records.update(record.id, lambda r: phases.begin_move(r, Target("b", "/user/x/")))

    async def fenced(self, record: Record) -> Record:
        return await self.records.update(record.id, lambda r: phases.fence(r, Owner("b", "/user/x/")))

    def token(self, record: Record, epoch: int | None = None, kind: str = "session") -> str:
        return issue(SECRET, kind, record.id, epoch or record.epoch)

    def store(self, record: Record, epoch: int | None = None) -> GatewayStore:
        return GatewayStore(self.url, self.token(record, epoch), deadline_s=10)

    async def call(
        self, method: str, path: str, token: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        return await self.client.fetch(
            self.url + path, method=method, body=body, raise_error=False, allow_nonstandard_methods=True,
            headers=HTTPHeaders({"Authorization": f"Bearer {token}", **(headers or {})}),
        )  # fmt: skip


@pytest.fixture
async def make_gateway(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    (tmp_path / "secret").write_bytes(SECRET)
    store = open_store(f"file://{tmp_path}/store")
    client = AsyncHTTPClient(force_instance=True, defaults={"max_clients": 100})
    services = []

    async def make(**settings: Any) -> Rig:
        service = await start(
            Gateway(store=f"file://{tmp_path}/store", secret_file=str(tmp_path / "secret"), **settings)
        )
        services.append(service)
        return Rig(service.url, SessionRecords(store), tmp_path / "store", client)

    yield make
    await asyncio.gather(*(service.stop() for service in services))
    client.close()
    await store.close()


@pytest.fixture
async def gateway(make_gateway: Callable[..., Any]) -> Rig:
    return await make_gateway()

"""One store of each kind for the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from migrator.gateway.app import start
from migrator.gateway.settings import Gateway
from migrator.session import Owner, Record, SessionRecords, new_session_id
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.snapshot import SessionKeys
from migrator.storage import ObjectStore, open_store, prefixed
from migrator.storage.gateway import GatewayStore
from tests.rigs.object_gateway import TOKEN, object_gateway

KINDS = ("memory", "file", "s3", "prefixed", "gateway", "gateway service")
SECRET = b"a federation secret of the tests"


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    async with AsyncExitStack() as stack:
        opened = await _open(request, tmp_path, stack)
        stack.push_async_callback(opened.close)
        yield opened


async def _open(request: pytest.FixtureRequest, folder: Path, stack: AsyncExitStack) -> ObjectStore:
    if request.param == "memory":
        return open_store("memory:")
    if request.param == "file":
        return open_store(f"file://{folder}/store")
    if request.param == "s3":
        return open_store(request.getfixturevalue("s3_bucket"))
    if request.param == "gateway":
        return GatewayStore((await stack.enter_async_context(object_gateway())).url, TOKEN)
    if request.param == "gateway service":
        return await _service(folder, stack)
    whole = open_store("memory:")
    await whole.put("sessions/b/packs/other", b"another session's")
    return prefixed(whole, "sessions/a/")


async def _service(folder: Path, stack: AsyncExitStack) -> ObjectStore:
    """Start the real gateway before a folder, and give the store of one session's pod."""
    (folder / "secret").write_bytes(SECRET)
    behind = open_store(f"file://{folder}/store")
    session = new_session_id()
    sealed = seal(SECRET, session, Secrets(SessionKeys.generate()))
    await SessionRecords(behind).create(Record(session, 1, "active", owner=Owner("a", "/"), sealed=sealed))
    await behind.close()
    service = await start(Gateway(store=f"file://{folder}/store", secret_file=str(folder / "secret")))
    stack.push_async_callback(service.stop)
    return GatewayStore(service.url, issue(SECRET, "session", session, 1))

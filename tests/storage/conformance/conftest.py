"""One store of each kind for the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from migrator.storage import ObjectStore, open_store, prefixed
from migrator.storage.gateway import GatewayStore
from tests.rigs.object_gateway import TOKEN, object_gateway

KINDS = ("memory", "file", "s3", "gateway", "prefixed")


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
    whole = open_store("memory:")
    await whole.put("sessions/b/packs/other", b"another session's")
    return prefixed(whole, "sessions/a/")

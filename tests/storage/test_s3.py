from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from migrator.storage import Conflict, Denied, NotFound, StoreUnavailable, open_store
from tests.rigs.ports import free_ports
from tests.rigs.s3 import BUCKET, S3Server


class AnswerLoser:
    """A TCP proxy before the server; while `lose` is positive it passes a request on and cuts before the answer."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._there = (parts.hostname, parts.port)
        self.lose = 0
        self.lost = 0
        self._tasks: set[asyncio.Task] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._pass_on(reader, writer)
        finally:
            self._tasks.discard(task)

    async def stop(self) -> None:
        """Close every connection: a client may have kept one that it does not use, and the server keeps those for minutes."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        both = [
            asyncio.create_task(self._copy(reader, there_writer, watch=False)),
            asyncio.create_task(self._copy(there_reader, writer, watch=True)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for each in (writer, there_writer):
                each.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, watch: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if watch and self.lose and b"100 Continue" not in data[:40]:
                    self.lose -= 1
                    self.lost += 1
                    return
                sink.write(data)
                await sink.drain()


@pytest.fixture
async def loser(s3_server: S3Server) -> AsyncIterator[tuple[AnswerLoser, str]]:
    proxy = AnswerLoser(s3_server.endpoint)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield proxy, f"http://127.0.0.1:{port}"
    server.close()
    await proxy.stop()


async def test_a_lost_answer_is_no_conflict_with_oneself(loser: tuple[AnswerLoser, str], s3_bucket: str):
    proxy, endpoint = loser
    store = open_store(f"{s3_bucket.partition('?')[0]}?endpoint={endpoint}")
    first = await store.put("manifests/a", b"before")
    proxy.lose = 1
    created = await store.put("manifests/b", b"mine", if_absent=True)
    proxy.lose = 1
    swapped = await store.put("manifests/a", b"after", if_match=first)
    assert proxy.lost == 2
    assert await store.get_with_etag("manifests/a") == (b"after", swapped)
    assert await store.get_with_etag("manifests/b") == (b"mine", created)
    with pytest.raises(Conflict):
        await store.put("manifests/b", b"mine", if_absent=True)
    await store.close()


async def test_stores_of_other_prefixes_are_apart(s3_bucket: str):
    address, _, query = s3_bucket.partition("?")
    one, other = open_store(f"{address}/one?{query}"), open_store(f"{address}/one-more?{query}")
    await one.put("record", b"1")
    assert [info async for info in other.list("")] == []
    with pytest.raises(NotFound):
        await other.get("record")
    await one.close()
    await other.close()


async def test_wrong_credentials(s3_bucket: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = open_store(s3_bucket)
    for call in (store.get("record"), store.head("record"), store.put("record", b""), store.delete("record")):
        with pytest.raises(Denied):
            await call
    await store.close()


async def test_no_such_bucket(s3_server: S3Server):
    store = open_store(s3_server.url().replace(f"s3://{BUCKET}", "s3://no-such-bucket-here"))
    with pytest.raises(Denied, match="create the bucket"):
        await store.get("record")
    await store.close()


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch, s3_server: S3Server):
    monkeypatch.setattr("migrator.storage.s3.ATTEMPTS", 2)
    (port,) = free_ports(1)
    store = open_store(f"s3://{BUCKET}/x?endpoint=http://127.0.0.1:{port}")
    with pytest.raises(StoreUnavailable, match="cannot reach record in S3"):
        await store.get("record")
    await store.close()

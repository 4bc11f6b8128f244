"""A thread that waits for a body must end with the one who asked, over TLS too: else a server could not end."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migrator.storage import StoreUnavailable
from migrator.storage.exchange import LARGEST_BODY, Exchange, _trust
from migrator.storage.gateway import GatewayStore
from tests.rigs.certificate import self_signed

LIMIT_S = 60
HEAD = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"


class Server:
    """Answers each request with `head` and `body`, and closes then if it is told to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.head, self.body, self.closes = HEAD.format(10), b"01234", False
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.head.encode() + self.body)
        self.asked.set()
        if not self.closes:
            with contextlib.suppress(OSError):
                await reader.read()
        writer.close()
        self.left.set()


@pytest.fixture(params=["http", "https"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    context = None
    if request.param == "https":
        certificate, key = self_signed(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        monkeypatch.setattr("migrator.storage.exchange._trust", lambda: ssl.create_default_context(cafile=certificate))
    made = Server("")
    async with await asyncio.start_server(made.answer, "127.0.0.1", 0, ssl=context) as listening:
        made.url = f"{request.param}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1, thread_name_prefix="exchange-test") as pool:
        yield pool


def exchange(server: Server, timeout_s: float = LIMIT_S) -> Exchange:
    return Exchange(f"{server.url}/v1/objects/packs/a", "GET", {}, None, timeout_s=timeout_s)


async def ended(server: Server, threads: ThreadPoolExecutor) -> None:
    """The server saw the connection go, and the thread is free."""
    await asyncio.wait_for(server.left.wait(), LIMIT_S)
    free = asyncio.get_running_loop().run_in_executor(threads, threading.get_ident)
    await asyncio.wait_for(free, LIMIT_S)


async def test_a_whole_answer(server: Server, threads: ThreadPoolExecutor):
    server.body, server.closes = b"0123456789", True
    answer = await exchange(server).done(threads)
    assert (answer.code, answer.reason, answer.body) == (200, "OK", b"0123456789")
    assert answer.headers["content-length"] == "10"


async def test_an_answer_that_breaks_off_is_none(server: Server, threads: ThreadPoolExecutor):
    server.closes = True
    with pytest.raises(Exception, match=r"IncompleteRead|EOF occurred"):
        await exchange(server).done(threads)


async def test_a_body_that_does_not_come_ends_with_the_limit(server: Server, threads: ThreadPoolExecutor):
    with pytest.raises(TimeoutError, match=r"no whole answer in 0\.5 s"):
        await exchange(server, timeout_s=0.5).done(threads)
    await ended(server, threads)


async def test_a_loop_that_is_late_itself_hears_the_same(server: Server, threads: ThreadPoolExecutor):
    asking = asyncio.ensure_future(exchange(server, timeout_s=0.5).done(threads))
    await asyncio.wait_for(server.asked.wait(), LIMIT_S)
    time.sleep(1)  # noqa: ASYNC251 - this is what makes the loop late: the thread's own limit comes first
    with pytest.raises(TimeoutError, match=r"no whole answer in 0\.5 s"):
        await asking


async def test_a_thread_ends_with_the_task_that_asked(server: Server, threads: ThreadPoolExecutor):
    asking = asyncio.ensure_future(exchange(server).done(threads))
    await asyncio.wait_for(server.asked.wait(), LIMIT_S)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await ended(server, threads)


async def test_no_body_is_taken_that_memory_is_too_dear_for(server: Server, threads: ThreadPoolExecutor):
    server.head = HEAD.format(LARGEST_BODY + 1)
    with pytest.raises(Exception, match=f"{LARGEST_BODY + 1} bytes; at most"):
        await exchange(server).done(threads)
    await ended(server, threads)


async def test_a_store_that_is_closed_ends_what_is_under_way(server: Server):
    store = GatewayStore(server.url, "token", deadline_s=LIMIT_S)
    reading = asyncio.ensure_future(store.get("packs/a"))
    await asyncio.wait_for(server.asked.wait(), LIMIT_S)
    await store.close()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        await asyncio.wait_for(reading, LIMIT_S)


def test_certificates_are_checked_and_read_once():
    assert _trust() is _trust()
    assert _trust().verify_mode is ssl.CERT_REQUIRED
    assert _trust().check_hostname

"""One HTTP exchange in a thread: megabytes go between the socket and memory without the loop's help.

tornado's client carries a body through the loop in pieces of 64 KiB. All of that is done by one thread, beside everything
else that the user's server does; the standard library's client reads a body in one go, without the interpreter's lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from concurrent.futures import Executor
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Mapping, NamedTuple
from urllib.parse import urlsplit

LARGEST_BODY = 256 * 1024 * 1024
CONNECT_TIMEOUT_S = 5.0
FAULTS = (OSError, HTTPException)
"""What an exchange raises that got no answer."""


class Answer(NamedTuple):
    """What came back, whatever its status; names of headers are matched without case."""

    code: int
    reason: str
    headers: HTTPMessage
    body: bytes


class Exchange:
    """One request and its answer on a connection of their own; `timeout_s` is for all of it, connecting included."""

    def __init__(
        self, url: str, method: str, headers: Mapping[str, str], body: bytes | None, *, timeout_s: float
    ) -> None:
        self._url = urlsplit(url)
        self._method, self._headers, self._body = method, {**headers, "Connection": "close"}, body
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._aborted = False

    async def done(self, threads: Executor) -> Answer:
        """Run in one of `threads`; raises one of `FAULTS`. Cancelled, or late, it leaves nothing under way."""
        running = asyncio.get_running_loop().run_in_executor(threads, self._run)
        try:
            await asyncio.wait({running}, timeout=self._timeout_s)
        finally:
            if not running.done():
                self.abort()
                running.cancel()
        if running.cancelled():
            raise self._late()
        return running.result()

    def abort(self) -> None:
        """Break the connection, so that its thread is free at once; from any thread."""
        self._aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has just ended by itself
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # TLS' own would take the reader's state away

    def _run(self) -> Answer:
        with contextlib.closing(_connection(self._url.scheme, self._url.netloc)) as connection:
            connection.connect()
            self._socket = connection.sock
            if self._aborted:
                raise ConnectionAbortedError("given up while connecting")
            self._socket.settimeout(self._timeout_s)
            try:
                return self._answer(connection)
            except socket.timeout as error:  # no TimeoutError before Python 3.10
                raise self._late() from error

    def _answer(self, connection: HTTPConnection) -> Answer:
        connection.request(self._method, self._url.path, self._body, dict(self._headers))
        with connection.getresponse() as response:
            if (response.length or 0) > LARGEST_BODY:
                raise HTTPException(f"the answer has {response.length} bytes; at most {LARGEST_BODY} are taken")
            return Answer(response.status, response.reason, response.headers, response.read())

    def _late(self) -> TimeoutError:
        return TimeoutError(f"no whole answer in {self._timeout_s:g} s")


def _connection(scheme: str, place: str) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(place, timeout=CONNECT_TIMEOUT_S, context=_trust())
    return HTTPConnection(place, timeout=CONNECT_TIMEOUT_S)


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Reading the system's certificates takes tens of milliseconds: once, and in a thread."""
    return ssl.create_default_context()

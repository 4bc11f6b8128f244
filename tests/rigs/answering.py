"""A tiny HTTP server of one handler, in the test's own loop."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


@contextlib.asynccontextmanager
async def answering(handler: type[RequestHandler], path: str = r".*") -> AsyncIterator[str]:
    """The URL at which `handler` answers all paths that match; the rest get 404."""
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(path, handler)]))
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.stop()
    await server.close_all_connections()

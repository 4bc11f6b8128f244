"""A Tornado application that knows which calls are under way, so that a service can end without cutting one off."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakSet

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

POLL_S = 0.02


class CountingApplication(Application):
    """Tornado's own way to end a server closes connections in the middle of an answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._under_way: WeakSet[HTTPServerRequest] = WeakSet()
        super().__init__(*args, **kwargs)

    def get_handler_delegate(self, request: HTTPServerRequest, *args: Any, **kwargs: Any) -> Any:
        """A call begins."""
        self._under_way.add(request)
        return super().get_handler_delegate(request, *args, **kwargs)

    def log_request(self, handler: RequestHandler) -> None:
        """A call is answered."""
        self._under_way.discard(handler.request)
        super().log_request(handler)

    async def idle(self) -> None:
        """Wait until no call is under way whose caller is still there."""
        while any(not _is_gone(request) for request in list(self._under_way)):  # noqa: ASYNC110 - Tornado tells nobody
            await asyncio.sleep(POLL_S)


def _is_gone(request: HTTPServerRequest) -> bool:
    stream = getattr(request.connection, "stream", None)
    return stream is None or stream.closed()

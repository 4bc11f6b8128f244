"""The websocket on which an open page hears of everything at once."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_extension.base_handler import allow_unauthenticated
from jupyter_extension.live_session import LiveSession


class FeedHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """`GET feed`: the page's websocket."""

    auth_resource = "kernels"

    def initialize(self, session: LiveSession | None, control_token: str) -> None:
        """Given by the application."""
        self._live = session

    def set_default_headers(self) -> None:
        """A websocket has none of an API's headers."""

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """403 without a user; no login page on a websocket."""
        if self.current_user is None:
            raise web.HTTPError(403)
        if not await _allowed(self):
            raise web.HTTPError(403)
        upgrade = super().get(*args, **kwargs)
        if upgrade is not None:
            await upgrade

    def open(self, *args: Any, **kwargs: Any) -> None:
        """The page listens: tell it how things stand."""
        super().open(*args, **kwargs)
        if self._live is None:
            self.write_message(json.dumps({"type": "hello", "enabled": False}))
            return
        self._live.feed.add(self, self._live.status.document())

    def send(self, text: str) -> None:
        """Write one message; see `feed.Listener`."""
        self.write_message(text)

    def on_message(self, message: Any) -> None:
        """The page says nothing here."""

    def on_close(self) -> None:
        """The page is gone."""
        if self._live is not None:
            self._live.feed.remove(self)


async def _allowed(handler: Any) -> bool:
    answer = handler.authorizer.is_authorized(handler, handler.current_user, "read", "kernels")
    return bool(await answer) if hasattr(answer, "__await__") else bool(answer)

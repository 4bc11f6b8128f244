"""Serves the page and the calls behind it, which `migrator demo preempt` and its kind use too.

Every request needs the demo's token: the port is open to all users of this machine, and to every web page in the
browser.
"""

from __future__ import annotations

import hmac
import html
import json
import time
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

from migrator.demo.actions import Actions, Refused

_PAGE = (Path(__file__).parent / "page.html").read_text()


def listen(actions: Actions, *, port: int, token: str, link: str) -> HTTPServer:
    """Serve on loopback; `link` is the launch link that the page offers."""
    shared = {"actions": actions, "token": token}
    page = _PAGE.replace("{{token}}", html.escape(token)).replace("{{link}}", html.escape(link))
    application = Application(
        [
            (r"/", PageHandler, shared),
            (r"/api/state", StateHandler, shared),
            (r"/api/members/([a-z0-9-]+)/preempt", PreemptHandler, shared),
            (r"/api/sessions/([a-z0-9-]+)/(move|suspend|resume)", SessionHandler, shared),
        ],
        page=page,
    )
    return application.listen(port, "127.0.0.1")


class _Handler(RequestHandler):
    def initialize(self, actions: Actions, token: str) -> None:
        self._actions = actions
        self._token = token

    def prepare(self) -> None:
        """Refuse who does not know the token: in the header, or in the page's own address."""
        given = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.request.path == "/":
            given = self.get_query_argument("token", "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise HTTPError(403, reason="open the address that the demo printed: it holds a token")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors are JSON, with what to do."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.finish({"message": str(error) if isinstance(error, Refused) else self._reason})

    def log_exception(self, kind: Any, value: Any, traceback: Any) -> None:
        """A refusal is an answer, not a fault."""
        if not isinstance(value, Refused):
            super().log_exception(kind, value, traceback)

    def _body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise HTTPError(400, reason="the body must be JSON") from error
        if not isinstance(body, dict):
            raise HTTPError(400, reason="the body must be a JSON object")
        return body


class PageHandler(_Handler):
    """The page, which knows the token that it was asked for with."""

    def get(self) -> None:
        """Not to be framed or cached, since it holds the token."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.write(self.settings["page"])


class StateHandler(_Handler):
    """Everything that the page shows."""

    async def get(self) -> None:
        """Members, and sessions with their timelines."""
        self.write({"now": time.time(), **await self._actions.state()})


class PreemptHandler(_Handler):
    """Notice, and death, of a member's machine."""

    def post(self, member: str) -> None:
        """`{"notice": seconds}`; 202, since the machine dies later."""
        notice = self._body().get("notice")
        if isinstance(notice, bool) or not isinstance(notice, int | float) or not 0 <= notice <= 3600:
            raise HTTPError(400, reason="notice must be a number of seconds from 0 to 3600")
        self._actions.preempt(member, float(notice))
        self.set_status(202)
        self.write({"member": member, "notice": notice})


class SessionHandler(_Handler):
    """What an operator can ask a controller for."""

    async def post(self, session: str, verb: str) -> None:
        """The controller's own answer."""
        code, answer = await self._actions.session(session, verb, self._body())
        self.set_status(code)
        self.write(answer)

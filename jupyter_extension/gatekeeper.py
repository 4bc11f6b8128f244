"""Answers 503 for what must not happen here now: saves and starts while frozen, and everything once the session is elsewhere.

503 is what a page takes as "come back": 404 and 403 would make it give its kernels up.
"""

from __future__ import annotations

from typing import Any, Callable

from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

READING = frozenset({"GET", "HEAD", "OPTIONS"})
TALKING = ("/channels", "/terminals/websocket/")
FROZEN = frozenset({"freezing", "frozen", "standby", "restoring"})


class Gatekeeper(Matcher):
    """Matches the requests that this server refuses in its present state."""

    def __init__(self, base_url: str, state: Callable[[], str]) -> None:
        self._base, self._state = base_url.rstrip("/"), state

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Tornado's question; an empty dict means: the refusing handler takes it."""
        state = self._state()
        if state == "running":
            return None
        path = request.path[len(self._base) :] if request.path.startswith(self._base) else request.path
        if not path.startswith(("/api/", "/terminals/", "/files/")) or path.startswith("/api/status"):
            return None
        talks = any(part in path for part in TALKING)
        if state in FROZEN and (request.method or "") in READING and not talks:
            return None
        return {}


class Refusal(web.RequestHandler):
    """The answer: try again soon. It tells nothing, so it asks nobody who they are."""

    def prepare(self) -> None:
        """503 for every method."""
        self.set_header("Retry-After", "1")
        self.set_status(503)
        self.finish({"message": "the session is being moved; it will go on in a moment", "reason": "moving"})

    def check_xsrf_cookie(self) -> None:
        """Nothing is done, so nothing can be forged."""


SIGNATURE = "X-Session-Migrator"


def sign(web_app: Any, server_id: str) -> None:
    """Mark the server's answers, so that a page can tell its 404 from that of a hub that knows it no more."""
    web_app.settings["headers"] = {**(web_app.settings.get("headers") or {}), SIGNATURE: server_id}


def install(web_app: Any, gatekeeper: Gatekeeper) -> None:
    """Put the gatekeeper before every other rule of the server."""
    rule = web_app.default_router.process_rule(Rule(gatekeeper, Refusal))
    web_app.default_router.rules.insert(0, rule)

"""Answers for a session that is nowhere just now. A page waits on 503 and gives up on 403, 404 and 424, so 503 it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from migrator.controller.resting import Rest

RETRY_AFTER_S = 2
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><meta http-equiv="refresh" content="{again}">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body {{ font: 1.1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}</style></head>
<body><main><h1>{title}</h1>
<p role="status">{text}</p>
</main></body></html>
"""
MOVING = PAGE.format(
    title="Your session is on its way",
    again=RETRY_AFTER_S,
    text=f"It is being restored on another machine; this page looks again every {RETRY_AFTER_S} seconds.",
)


class HoldingHandler(RequestHandler):
    """Any path, any method."""

    def prepare(self) -> None:
        """503; words for people, JSON for programs."""
        rest = self.settings["resting"](self.request.path)
        self.set_status(503)
        self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.set_header("Cache-Control", "no-store")
        if self.request.method == "GET" and "text/html" in self.request.headers.get("Accept", ""):
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(_resting(rest) if rest else MOVING)
        elif rest:
            self.finish({"error": "resting", "message": "The session was put away, and is saved: open its link again."})
        else:
            self.finish({"error": "moving", "message": "The session is being restored elsewhere; try again."})


class Holding:
    """A listener of its own: pages' traffic has no business at the controller's API."""

    def __init__(self, ip: str, port: int) -> None:
        sockets = bind_sockets(port, ip)
        self.url = f"http://{ip}:{sockets[0].getsockname()[1]}"
        # A page that waits asks again every second: that is no news, and no fault.
        self._application = Application([(r".*", HoldingHandler)], resting=lambda _path: None, log_function=_no_line)
        self._server = HTTPServer(self._application)
        self._server.add_sockets(sockets)

    def know(self, resting: Callable[[str], Rest | None]) -> None:
        """From now on tell a session that was put away from one that comes back by itself."""
        self._application.settings["resting"] = resting

    async def stop(self) -> None:
        """End it."""
        self._server.stop()
        await self._server.close_all_connections()


def _no_line(_handler: RequestHandler) -> None:
    pass


def _resting(rest: Rest) -> str:
    when = f" at {time.strftime('%H:%M', time.localtime(rest.saved_at))} (server time)" if rest.saved_at else ""
    way = f'<a href="{escape(rest.link)}">Open its link again</a>' if rest.link else "Open its link again"
    text = f"It was put away, and saved{when} with its files, variables and outputs. {way} to go on."
    return PAGE.format(title="Your session is saved", again=10, text=text)

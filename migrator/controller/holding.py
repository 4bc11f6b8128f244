"""Answers for a session that is nowhere just now. A page waits on 503 and gives up on 403, 404 and 424, so 503 it is."""

from __future__ import annotations

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

RETRY_AFTER_S = 2
PAGE = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Your session is on its way</title><meta http-equiv="refresh" content="{RETRY_AFTER_S}">
<style>body {{ font: 1.1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}</style></head>
<body><main><h1>Your session is on its way</h1>
<p role="status">Its machine went away. It is being restored on another one; this page looks again every {RETRY_AFTER_S} seconds.</p>
</main></body></html>
"""


class HoldingHandler(RequestHandler):
    """Any path, any method."""

    def prepare(self) -> None:
        """503; words for people, JSON for programs."""
        self.set_status(503)
        self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.set_header("Cache-Control", "no-store")
        if self.request.method == "GET" and "text/html" in self.request.headers.get("Accept", ""):
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(PAGE)
        else:
            self.finish({"error": "moving", "message": "The session is being restored elsewhere; try again."})


class Holding:
    """A listener of its own: pages' traffic has no business at the controller's API."""

    def __init__(self, ip: str, port: int) -> None:
        sockets = bind_sockets(port, ip)
        self.url = f"http://{ip}:{sockets[0].getsockname()[1]}"
        self._server = HTTPServer(Application([(r".*", HoldingHandler)]))
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """End it."""
        self._server.stop()
        await self._server.close_all_connections()

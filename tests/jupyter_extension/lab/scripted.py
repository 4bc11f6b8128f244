"""A server extension for tests that speaks section 6 of docs/interfaces.md and says what a test tells it to say.

States such as `restoring` or a lost snapshot are short or rare on a real server; the page must look right in each.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_extension.gatekeeper import sign


class Script:
    """What the server says of itself, and the pages that listen."""

    def __init__(self) -> None:
        self.status: dict[str, Any] = {
            "enabled": True,
            "session": "sess-12345678",
            "server_id": secrets.token_hex(8),
            "state": "running",
            "saved": {
                "snapshot": "a" * 32,
                "at": time.time(),
                "bytes_state": 1_200_000_000,
                "bytes_written": 4_000_000,
            },
            "covered": [],
            "at_risk": [],
            "notice": None,
            "report": None,
            "problem": None,
        }
        self.pages: set[Feed] = set()
        self.calls: list[list[Any]] = []
        self.snapshots: list[dict[str, Any]] = []
        self.refuses = False

    def refuse(self, refuses: bool) -> None:
        """Let no page in any more, as after a logout; or let them in again."""
        self.refuses = refuses
        for page in list(self.pages) if refuses else []:
            page.close()

    def say(self, kind: str, fields: dict[str, Any]) -> None:
        self.status.update(fields)
        for page in list(self.pages):
            page.write_message(json.dumps({"type": kind, "now": time.time(), **fields}))


class Status(APIHandler):
    @web.authenticated
    def get(self) -> None:
        if self.settings["script"].refuses:
            raise web.HTTPError(403)
        self.finish(json.dumps(self.settings["script"].status))


class Feed(WebSocketMixin, WebSocketHandler, JupyterHandler):
    async def get(self, *args: Any, **kwargs: Any) -> None:
        if not self.current_user or self.settings["script"].refuses:
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def open(self) -> None:
        script = self.settings["script"]
        script.pages.add(self)
        self.write_message(json.dumps({"type": "hello", "now": time.time(), **script.status}))

    def on_message(self, message: str | bytes) -> None:
        raise AssertionError(f"the feed goes one way only; the page said {message!r}")

    def on_close(self) -> None:
        self.settings["script"].pages.discard(self)


class Call(APIHandler):
    """The calls of the page: remembered, and answered with what the script holds."""

    @web.authenticated
    def get(self, path: str) -> None:
        self.finish({"snapshots": self.settings["script"].snapshots})

    @web.authenticated
    def post(self, path: str) -> None:
        script = self.settings["script"]
        script.calls.append([path, self.get_json_body()])
        if path == "snapshot":
            script.say("saved", {"saved": {**script.status["saved"], "at": time.time()}})
        self.finish({"snapshot": "b" * 32})


class Say(APIHandler):
    """A test's own door."""

    @web.authenticated
    def get(self) -> None:
        script = self.settings["script"]
        self.finish({"calls": script.calls, "pages": len(script.pages)})

    @web.authenticated
    def post(self) -> None:
        body = self.get_json_body()
        script = self.settings["script"]
        script.snapshots = body.pop("snapshots", script.snapshots)
        refuses = body.pop("refuses", False)
        script.say(body.pop("type"), body)
        script.refuse(refuses)
        self.finish({})


class Restore(APIHandler):
    """Starts a kernel and a terminal under given names, as a restore does."""

    @web.authenticated
    async def post(self) -> None:
        for row in self.get_json_body()["sessions"]:
            kernel = row["kernel"]["id"]
            await self.kernel_manager.start_kernel(
                kernel_id=kernel, kernel_name=row["kernel"]["name"], path=row["path"]
            )
            await self.session_manager.save_session(
                row["id"], path=row["path"], name=row["name"], type=row["type"], kernel_id=kernel
            )
        self.finish({})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "tests.jupyter_extension.lab.scripted"}]


def _load_jupyter_server_extension(app: Any) -> None:
    script = app.web_app.settings["script"] = Script()
    sign(app.web_app, script.status["server_id"])
    root = url_path_join(app.base_url, "migrator")
    app.web_app.add_handlers(
        ".*",
        [
            (root + "/api/v1/status", Status),
            (root + "/feed", Feed),
            (root + "/test/say", Say),
            (root + "/test/restore", Restore),
            (root + "/api/v1/(.*)", Call),
        ],
    )

"""What the controller asks of a notebook 6 server; there is no page of ours."""

from __future__ import annotations

import hmac
import json
from typing import Any

from tornado import web

from jupyter_extension.classic.files_session import FilesSession
from jupyter_extension.errors import ExtensionError, WrongState
from migrator.snapshot import SnapshotError
from migrator.storage.errors import StorageError


class Handler(web.RequestHandler):
    """Only the controller may call: its token, and no cookie, says who it is."""

    def initialize(self, session: FilesSession, control_token: str) -> None:
        """Tornado's constructor."""
        self.session, self._token = session, control_token

    def prepare(self) -> None:
        """401 for everybody else."""
        given = self.request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise web.HTTPError(401)

    def check_xsrf_cookie(self) -> None:
        """A page can't send the control token, so it can't forge the call."""

    def body(self) -> dict[str, Any]:
        """The call's JSON object."""
        value = json.loads(self.request.body or b"{}")
        if not isinstance(value, dict):
            raise web.HTTPError(400)
        return value


class StatusHandler(Handler):
    """`GET api/v1/status`."""

    def get(self) -> None:
        """How it is."""
        self.finish(json.dumps(self.session.status()))


class CallHandler(Handler):
    """`POST api/v1/{notice,freeze,thaw,activate,stop}`."""

    async def post(self, verb: str) -> None:
        """Do it; 409 where the state forbids it, 503 where the store does."""
        try:
            self.finish(json.dumps(await getattr(self, f"do_{verb}")(self.body())))
        except WrongState as e:
            self._say(409, e)
        except (ExtensionError, SnapshotError, StorageError) as e:
            self._say(503, e)

    def _say(self, status: int, error: Exception) -> None:
        self.set_status(status)
        self.finish(json.dumps({"error": "files_only", "message": str(error)}))

    async def do_notice(self, body: dict[str, Any]) -> dict[str, Any]:
        """No page hears it; the files are saved at the next look anyway."""
        self.session.notice = {"cause": body.get("cause"), "deadline": body.get("deadline")}
        return {}

    async def do_freeze(self, body: dict[str, Any]) -> dict[str, Any]:
        """The last snapshot."""
        return {"snapshot": await self.session.freeze(body.get("deadline"))}

    async def do_thaw(self, body: dict[str, Any]) -> dict[str, Any]:
        """The move was called off."""
        await self.session.thaw()
        return {}

    async def do_activate(self, body: dict[str, Any]) -> dict[str, Any]:
        """The files come back."""
        return {"report": await self.session.activate(body.get("snapshot"))}

    async def do_stop(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fenced."""
        await self.session.fenced()
        return {}


def add_handlers(web_app: Any, session: FilesSession, control_token: str) -> None:
    """Under the server's base URL."""
    base = web_app.settings["base_url"].rstrip("/") + "/migrator/api/v1/"
    options = {"session": session, "control_token": control_token}
    calls = [("status", StatusHandler), ("(notice|freeze|thaw|activate|stop)", CallHandler)]
    web_app.add_handlers(".*$", [(base + path, handler, options) for path, handler in calls])

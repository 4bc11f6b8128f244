"""The HTTP face under `<base_url>migrator/`; `openapi.yaml` describes it, and a test holds the two together."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any, Awaitable

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_extension.errors import ExtensionError, FencedOut, NothingToRestore, WrongState
from jupyter_extension.live_session import LiveSession
from migrator.snapshot import SnapshotError
from migrator.storage import NotFound
from migrator.storage.errors import StorageError

try:
    from jupyter_server.auth.decorator import allow_unauthenticated
except ImportError:  # before jupyter_server 2.13 nobody asks for the mark

    def allow_unauthenticated(method: Any) -> Any:  # type: ignore[misc]
        """Mark a method whose authentication is our own."""
        return method


SNAPSHOT_ID = re.compile(r"[0-9a-f]{32}")
KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
CAUSES = frozenset({"preemption", "drain", "idle", "age", "memory", "maintenance", "manual"})


class MigratorHandler(APIHandler):
    """What all our REST handlers share."""

    auth_resource = "kernels"

    def initialize(self, session: LiveSession | None, control_token: str) -> None:
        """Given by the application."""
        self._live, self._control_token = session, control_token

    @property
    def live(self) -> LiveSession:
        """The live session; 409 where the extension has nothing to do."""
        if self._live is None:
            raise web.HTTPError(409, "the session migrator is not active in this server")
        return self._live

    def from_controller(self) -> bool:
        """Whether the request carries the control token; compared in constant time."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        given = token.strip().encode()
        return (
            bool(self._control_token)
            and scheme.lower() == "bearer"
            and hmac.compare_digest(given, self._control_token.encode())
        )

    def body(self) -> dict[str, Any]:
        """The JSON object of the request; 400 for anything else."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError as e:
            raise web.HTTPError(400, "the body is not JSON") from e
        if not isinstance(body, dict):
            raise web.HTTPError(400, "the body must be a JSON object")
        return body

    def snapshot_of(self, body: dict[str, Any], *, optional: bool = False) -> str | None:
        """The checked `snapshot` of a body."""
        snapshot = body.get("snapshot")
        if snapshot is None and optional:
            return None
        if not isinstance(snapshot, str) or not SNAPSHOT_ID.fullmatch(snapshot):
            raise web.HTTPError(400, "`snapshot` must be 32 hexadecimal digits")
        return snapshot

    def deadline_of(self, body: dict[str, Any]) -> float | None:
        """The checked `deadline` of a body, in Unix seconds."""
        deadline = body.get("deadline")
        if deadline is None:
            return None
        if isinstance(deadline, bool) or not isinstance(deadline, (int, float)):
            raise web.HTTPError(400, "`deadline` must be Unix seconds or null")
        return float(deadline)

    async def answer(self, work: Awaitable[dict[str, Any]]) -> None:
        """Finish with the result, or with the status that our errors mean."""
        try:
            document = await work
        except (WrongState, FencedOut) as e:
            raise web.HTTPError(409, _plain(e)) from e
        except NotFound as e:
            raise web.HTTPError(404, _plain(e)) from e
        except (NothingToRestore, SnapshotError) as e:
            raise web.HTTPError(500, _plain(e)) from e
        except (ExtensionError, StorageError) as e:
            raise web.HTTPError(503, _plain(e)) from e
        self.finish(json.dumps(document, default=str))


def _plain(error: Exception) -> str:
    """An error's text for HTTPError, which would take `%` as a format."""
    return str(error).replace("%", "%%")


class ControlHandler(MigratorHandler):
    """Only the controller may call these: its token, and no cookie, says who it is."""

    async def prepare(self) -> None:  # type: ignore[override]
        """401 for everybody else; nothing of the page's authentication counts here."""
        if not self.from_controller():
            raise web.HTTPError(401, "this call needs the control token")

    def check_xsrf_cookie(self) -> None:
        """A page can't send the control token, so it can't forge the call."""


class StatusHandler(MigratorHandler):
    """`GET api/v1/status`, for page and controller."""

    async def prepare(self) -> None:  # type: ignore[override]
        """The controller's token or the page's authentication."""
        if self.from_controller():
            self.current_user = "controller"
            return
        await super().prepare()

    @web.authenticated
    async def get(self) -> None:
        """The status document."""
        if self._live is None:
            self.finish(json.dumps({"enabled": False}))
            return
        self.finish(json.dumps(self._live.status.document(), default=str))


class SnapshotHandler(MigratorHandler):
    """`POST api/v1/snapshot`: save now."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The snapshot's id, when it is durable."""

        async def work() -> dict[str, Any]:
            return {"snapshot": await self.live.save_now()}

        await self.answer(work())


class SnapshotsHandler(MigratorHandler):
    """`GET api/v1/snapshots`."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The kept checkpoints."""

        async def work() -> dict[str, Any]:
            return {"snapshots": await self.live.snapshots()}

        await self.answer(work())


class UndoHandler(MigratorHandler):
    """`POST api/v1/kernels/KID/undo`."""

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        """Put the kernel back to a checkpoint, or to what was salvaged from a running cell."""
        body = self.body()
        snapshot = self.snapshot_of(body)
        salvage = bool(body.get("salvage", False))

        async def work() -> dict[str, Any]:
            return {"report": await self.live.undo(kernel_id, str(snapshot), salvage=salvage)}

        await self.answer(work())


class NoticeHandler(ControlHandler):
    """`POST api/v1/notice`."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Tell the page, start saving."""
        body = self.body()
        if body.get("cause") not in CAUSES:
            raise web.HTTPError(400, f"`cause` must be one of {', '.join(sorted(CAUSES))}")
        self.live.notice(str(body["cause"]), self.deadline_of(body))
        self.finish("{}")


class FreezeHandler(ControlHandler):
    """`POST api/v1/freeze`."""

    @allow_unauthenticated
    async def post(self) -> None:
        """The last snapshot's id, when it is durable."""
        deadline = self.deadline_of(self.body())

        async def work() -> dict[str, Any]:
            return {"snapshot": await self.live.freeze(deadline)}

        await self.answer(work())


class ThawHandler(ControlHandler):
    """`POST api/v1/thaw`."""

    @allow_unauthenticated
    async def post(self) -> None:
        """The move was called off."""

        async def work() -> dict[str, Any]:
            await self.live.thaw()
            return {}

        await self.answer(work())


class ActivateHandler(ControlHandler):
    """`POST api/v1/activate`."""

    @allow_unauthenticated
    async def post(self) -> None:
        """The restore's report; idempotent."""
        snapshot = self.snapshot_of(self.body(), optional=True)

        async def work() -> dict[str, Any]:
            return {"report": await self.live.activate(snapshot)}

        await self.answer(work())


class StopHandler(ControlHandler):
    """`POST api/v1/stop`."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Fenced: stop the kernels, say so to the page."""

        async def work() -> dict[str, Any]:
            await self.live.fenced()
            return {}

        await self.answer(work())


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


ROUTES = [
    ("api/v1/status", StatusHandler),
    ("feed", FeedHandler),
    ("api/v1/snapshot", SnapshotHandler),
    ("api/v1/snapshots", SnapshotsHandler),
    (f"api/v1/kernels/{KERNEL_ID}/undo", UndoHandler),
    ("api/v1/notice", NoticeHandler),
    ("api/v1/freeze", FreezeHandler),
    ("api/v1/thaw", ThawHandler),
    ("api/v1/activate", ActivateHandler),
    ("api/v1/stop", StopHandler),
]

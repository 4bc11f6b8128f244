"""The HTTP face under `<base_url>migrator/`; `openapi.yaml` describes it, and a test holds the two together."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_extension.base_handler import MigratorHandler
from jupyter_extension.environment import SESSION_ID
from jupyter_extension.live_session import LiveSession
from jupyter_extension.transfer.handlers import ROUTES as TRANSFER_ROUTES

try:
    from jupyter_server.auth.decorator import allow_unauthenticated
except ImportError:  # before jupyter_server 2.13 nobody asks for the mark

    def allow_unauthenticated(method: Any) -> Any:  # type: ignore[misc]
        """Mark a method whose authentication is our own."""
        return method


COPY_ID = rf"(?P<copy>{SESSION_ID.pattern})"
KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
CAUSES = frozenset({"preemption", "drain", "idle", "age", "memory", "maintenance", "manual"})


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

    _track_activity = False  # an open page asks by itself: that is no sign of its user

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


class HereHandler(MigratorHandler):
    """`POST api/v1/here`: the user says that they are here."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The limits that hold now."""
        live = self.live

        async def work() -> dict[str, Any]:
            if live.activity is not None:
                await live.activity.here()
            live.status.tell_limits()
            return {"limits": live.status.limits()}

        await self.answer(work())


class SnapshotsHandler(MigratorHandler):
    """`GET api/v1/snapshots`."""

    _track_activity = False

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


class CopiesHandler(MigratorHandler):
    """`POST api/v1/copies`: a second session like this one."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Its id; it is being made."""
        await self.answer(self.live.copy())


class CopyHandler(MigratorHandler):
    """`GET api/v1/copies/COPY`."""

    _track_activity = False

    @web.authenticated
    @authorized
    async def get(self, copy: str) -> None:
        """How far it is, and where it is found."""
        await self.answer(self.live.wishes.copy_state(copy))


class MoveHandler(MigratorHandler):
    """`POST api/v1/move`: on to a machine of another kind."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """It has begun; the rest is told as of any move."""
        profile = self.body().get("profile")
        if not isinstance(profile, str) or not profile:
            raise web.HTTPError(400, "`profile` must be the name of one that is offered")
        await self.answer(self.live.wishes.move(profile))


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
    ("api/v1/here", HereHandler),
    ("api/v1/snapshots", SnapshotsHandler),
    (f"api/v1/kernels/{KERNEL_ID}/undo", UndoHandler),
    ("api/v1/copies", CopiesHandler),
    (f"api/v1/copies/{COPY_ID}", CopyHandler),
    ("api/v1/move", MoveHandler),
    ("api/v1/notice", NoticeHandler),
    ("api/v1/freeze", FreezeHandler),
    ("api/v1/thaw", ThawHandler),
    ("api/v1/activate", ActivateHandler),
    ("api/v1/stop", StopHandler),
    *TRANSFER_ROUTES,
]

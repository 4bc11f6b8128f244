"""What the page asks of its server: how things stand, to save, to go back, for a copy or another machine."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_extension.base_handler import MigratorHandler
from jupyter_extension.gatekeeper import SIGNATURE


class StatusHandler(MigratorHandler):
    """`GET api/v1/status`, for page and controller."""

    _track_activity = False  # an open page asks by itself: that is no sign of its user

    async def prepare(self) -> None:  # type: ignore[override]
        """The controller's token or the page's authentication."""
        if self.from_controller():
            self.current_user = "controller"
            return
        await super().prepare()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Unsigned unless it runs: before, this server does not know whom the former one let in, and its refusal says nothing."""
        if self._live is None or self._live.status.state != "running":
            self.clear_header(SIGNATURE)
        super().write_error(status_code, **kwargs)

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

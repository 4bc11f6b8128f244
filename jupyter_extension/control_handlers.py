"""What the controller asks of a pod: to tell the page, to freeze, to go on, to stop."""

from __future__ import annotations

from typing import Any

from tornado import web

from jupyter_extension.base_handler import MigratorHandler, allow_unauthenticated

CAUSES = frozenset({"preemption", "drain", "idle", "age", "memory", "maintenance", "manual"})


class ControlHandler(MigratorHandler):
    """Only the controller may call these: its token, and no cookie, says who it is."""

    async def prepare(self) -> None:  # type: ignore[override]
        """401 for everybody else; nothing of the page's authentication counts here."""
        if not self.from_controller():
            raise web.HTTPError(401, "this call needs the control token")

    def check_xsrf_cookie(self) -> None:
        """A page can't send the control token, so it can't forge the call."""


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
        """Fenced, and the route leads elsewhere: stop the kernels, send the page on."""

        async def work() -> dict[str, Any]:
            await self.live.fenced(way_is_open=True)
            return {}

        await self.answer(work())

"""Calls of other members' controllers, in whose moves this member has a part (docs/interfaces.md, section 5)."""

from __future__ import annotations

import asyncio
from typing import Any

from migrator.controller.beyond import passed_on
from migrator.controller.handler import ControllerHandler
from migrator.controller.needs import Needs
from migrator.controller.pods import CALLS
from migrator.launch.errors import HubDenied, LaunchError, NoRoom
from migrator.routing.errors import RoutingError
from migrator.serving.errors import ApiError, Unavailable
from migrator.session import Owner, Record, Target


class HostHandler(ControllerHandler):
    """`POST /v1/sessions/ID/host`: another controller wants a standby here."""

    async def post(self, session: str) -> None:
        """When it answers: where it is."""
        epoch = self.json_body().get("epoch")
        if not isinstance(epoch, int):
            raise ApiError(400, "bad_body", "`epoch` must be an integer.")
        try:
            self.answer(await self.state.member.host(self.session(session), epoch))
        except NoRoom as error:
            raise Unavailable("no_room", str(error)) from error
        except HubDenied as error:
            raise ApiError(502, "hub_denied", str(error)) from error
        except (LaunchError, RoutingError, TimeoutError) as error:
            raise Unavailable("launch_failed", f"no standby here: {error or 'it did not answer in time'}") from error


class PodHandler(ControllerHandler):
    """`POST /v1/sessions/ID/pod`: another controller calls the pod of a session that is owned here, or looks at its standby."""

    async def post(self, session: str) -> None:
        """What the pod answers; for the epoch that stands, and nothing that controllers do not ask for."""
        body = self.json_body()
        limit_s = body.get("limit_s")
        if (body.get("method"), body.get("path")) not in CALLS or not isinstance(limit_s, (int, float)):
            raise ApiError(400, "bad_body", "`method` and `path` must be a call of a pod, `limit_s` a number.")
        record = await self.state.records.get(self.session(session))
        epoch, place = _place(record, body)
        if place is None or place.member != self.state.member.name or epoch != body.get("epoch"):
            raise ApiError(409, "phase", f"session {session} is not owned here under epoch {body.get('epoch')}")
        pod = self.state.tools.pods.client(record.id, epoch, place.address or "", place.server)
        self.answer({"answer": await passed_on(pod, {"body": None, **body})})


def _place(record: Record, wish: dict[str, Any]) -> tuple[int, Owner | Target | None]:
    """Whose pod is meant, and its epoch: the owner's, or the standby's where it is only looked at."""
    if wish["method"] == "GET" and wish.get("epoch") == record.epoch + 1:
        return record.epoch + 1, record.target
    return record.epoch, record.owner


class TendHandler(ControllerHandler):
    """`POST /v1/sessions/ID/tend`: routes and servers here in line with the record, now."""

    async def post(self, session: str) -> None:
        """Whether no server of this session runs here any more, and whether that is certain of its processes too."""
        record = await self.state.records.get(self.session(session))
        try:
            stopped = await self.state.member.tend(self.state.index.put(record))
        except (LaunchError, RoutingError) as error:
            raise Unavailable("not_in_line", str(error)) from error
        self.answer({"stopped": stopped, "dead": stopped and await self.state.member.is_dead(record)})


class RoomHandler(ControllerHandler):
    """`GET /v1/room?image=&cpu=&memory=`: whether this member takes sessions."""

    async def get(self) -> None:
        """`free` places; null: only the hub sets limits. `image`: it need not be pulled. 503 while the hub does not answer.

        `fits`: for so many sessions of that size there is room now; null: nobody knows.
        """
        try:
            async with asyncio.timeout(2.5):
                await self.state.member.hub.check()
        except (LaunchError, TimeoutError) as error:
            raise Unavailable("hub_unavailable", f"the hub of {self.state.member.name}: {error}") from error
        member = self.state.member
        image = await member.has_image(self.get_query_argument("image", ""))
        public_url = member.settings.public_url
        answer = {"member": member.name, "free": member.free(), "image": image, "public_url": public_url}
        self.answer(answer | {"fits": member.fits(self._needs())})

    def _needs(self) -> Needs:
        try:
            return Needs(*(float(self.get_query_argument(name, "0")) for name in ("cpu", "memory")))
        except ValueError as error:
            raise ApiError(400, "bad_query", "`cpu` and `memory` must be numbers: processors and bytes.") from error

"""Calls of this member's hub: its hooks and its authenticator (docs/interfaces.md, section 5)."""

from __future__ import annotations

import re

from migrator.controller.handler import ControllerHandler
from migrator.routing.errors import RoutingError
from migrator.serving.errors import ApiError, Unavailable

DIGEST = r"([0-9a-f]{64})?"


class LaunchesHandler(ControllerHandler):
    """`POST /v1/launches`: the hub's hook."""

    async def post(self) -> None:
        """A new session's, or a standby's, environment."""
        self.answer(await self.state.launches.launch(self.json_body()))


class StopsHandler(ControllerHandler):
    """`POST /v1/stops`: the hub is about to stop a server, or found it dead."""

    async def post(self) -> None:
        """When the hub may go on: whether the pages of that server's session are held."""
        body = self.json_body()
        user, name = str(body.get("user") or ""), str(body.get("server_name") or "")
        try:
            held = await self.state.stops.stop(user, name, meant=bool(body.get("meant")))
        except RoutingError as error:
            raise Unavailable("not_in_line", str(error)) from error
        self.answer({"held": held})


class LogoutsHandler(ControllerHandler):
    """`POST /v1/logouts`: a user has logged out of this member's hub, or was removed from it (no `session`)."""

    async def post(self) -> None:
        """When it is noted in all of the user's sessions: in how many."""
        body = self.json_body()
        user, session = body.get("user"), body.get("session", "")
        if not isinstance(user, str) or not user or not isinstance(session, str) or not re.fullmatch(DIGEST, session):
            raise ApiError(400, "bad_body", "`user` must be a name, `session` a SHA-256 or empty.")
        if not session and self.state.member.settings.delete_users:
            self.answer({"sessions": 0})  # it is us who removed it, with the server that moved away
            return
        self.answer({"sessions": await self.state.logouts.take(user, session)})

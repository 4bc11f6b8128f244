"""What the user of a session may ask of the controller through its page: a pod has no way to it, and only its own session to speak of."""

from __future__ import annotations

from typing import Any

from migrator.gateway.handler import PodHandler
from migrator.serving.client import Refused, ServiceError
from migrator.serving.errors import ApiError, Unavailable
from migrator.session import check_session_id

UNPROCESSABLE = 422
"""In place of a controller's 409: to a pod that means that it is fenced."""


class WishHandler(PodHandler):
    """Passes a call of the owner on."""

    async def owner(self) -> str:
        """The caller's session; refused for everybody but its owner."""
        token = self.pod()
        self.state.roles.require_owner(token, await self.state.cache.fresh(token.session))
        return token.session

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The controller's answer, or its refusal in its own words."""
        if self.state.controller is None:
            raise ApiError(UNPROCESSABLE, "not_offered", "This member offers nothing of the kind.")
        try:
            return (await self.state.controller.call(method, path, body)).data
        except Refused as error:
            status = UNPROCESSABLE if error.status == 409 else error.status
            message = error.data.get("message") if isinstance(error.data, dict) else ""
            raise ApiError(status, error.code or "refused", str(message or error)) from error
        except ServiceError as error:
            raise Unavailable("controller_unavailable", f"the controller does not answer: {error}") from error


class OffersHandler(WishHandler):
    """`GET /v1/session/offers`: what may be asked for."""

    async def get(self) -> None:
        """See the controller's `offers`; nothing where there is no controller."""
        session = await self.owner()
        offers = {"copies": 0, "profiles": [], "profile": ""}
        self.answer(await self.ask("GET", f"/v1/sessions/{session}/offers") if self.state.controller else offers)


class CopiesHandler(WishHandler):
    """`POST /v1/session/copies`."""

    async def post(self) -> None:
        """A second session like this one: its id."""
        session = await self.owner()
        self.answer(await self.ask("POST", f"/v1/sessions/{session}/copies"), 202)


class CopyHandler(WishHandler):
    """`GET /v1/session/copies/COPY`."""

    async def get(self, copy: str) -> None:
        """How far it is."""
        session = await self.owner()
        self.answer(await self.ask("GET", f"/v1/sessions/{session}/copies/{check_session_id(copy)}"))


class MoveHandler(WishHandler):
    """`POST /v1/session/move`."""

    async def post(self) -> None:
        """On to a machine of another profile."""
        session, profile = await self.owner(), self.json_body().get("profile")
        if not isinstance(profile, str) or not profile:
            raise ApiError(400, "bad_body", "`profile` must be the name of one that is offered.")
        await self.ask("POST", f"/v1/sessions/{session}/move", {"profile": profile, "cause": "asked"})
        self.answer({}, 202)

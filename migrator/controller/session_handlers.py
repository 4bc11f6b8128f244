"""Calls about one session: of operators, and of gateways for its page (docs/interfaces.md, section 5)."""

from __future__ import annotations

from migrator.controller.errors import Busy
from migrator.controller.handler import ControllerHandler, public, unix_time
from migrator.controller.profiles import checked, current, offered
from migrator.serving.errors import ApiError
from migrator.session import Record, check_member, check_session_id
from migrator.session.resume_links import resume_url
from migrator.session.sealing import unseal


class SessionsHandler(ControllerHandler):
    """`GET /v1/sessions?user=&server=&member=`: all records, or those that match."""

    async def get(self) -> None:
        """Without what is sealed."""
        wanted = {key: self.get_query_argument(key, "") for key in ("user", "server", "member", "phase")}
        found = [record for record in self.state.index.all() if _matches(record, wanted)]
        if not (wanted["server"] and found):  # one server's session that we know already needs no reading of all
            found = [record for record in await self.state.index.refresh() if _matches(record, wanted)]
        front_door, secret = self.state.member.settings.redirector_url, self.state.secret
        listed = [{**public(record), "resume": resume_url(front_door, secret, record.id)} for record in found]
        self.answer({"sessions": listed})


class SessionHandler(ControllerHandler):
    """One session."""

    async def get(self, session: str) -> None:
        """Its record."""
        self.answer(public(await self.state.records.get(self.session(session))))

    async def delete(self, session: str) -> None:
        """End it for good."""
        self.answer(public(await self.state.mover.end(self.session(session))), 202)


class MoveHandler(ControllerHandler):
    """`POST /v1/sessions/ID/{move,suspend,resume}`."""

    async def post(self, session: str, verb: str) -> None:
        """Begin; 202 and the record, and the rest can be watched in its timeline."""
        body = self.json_body()
        deadline = unix_time(body, "deadline")
        only, profile = body.get("target") or body.get("member"), str(body.get("profile") or "")
        if profile:
            checked(self.state.member.settings.profiles, profile)
        try:
            record = await self.state.begin(
                self.session(session),
                verb,
                cause=str(body.get("cause") or "asked")[:60],
                deadline=deadline,
                only=check_member(only) if only else None,
                profile=profile if verb == "move" else "",
            )
        except Busy as error:
            raise ApiError(409, "busy", str(error)) from error
        self.answer(public(record), 202)


class OffersHandler(ControllerHandler):
    """`GET /v1/sessions/ID/offers`: what its page may ask for."""

    async def get(self, session: str) -> None:
        """How many copies may live at a time, the kinds of machines, and which one it has."""
        record, settings = await self.state.records.get(self.session(session)), self.state.member.settings
        options = unseal(self.state.secret, record.id, record.sealed).user_options
        profile = current(settings.profiles, record, options)
        self.answer({"copies": settings.max_copies, "profiles": offered(settings.profiles), "profile": profile})


class CopiesHandler(ControllerHandler):
    """`POST /v1/sessions/ID/copies`: a second session like this one."""

    async def post(self, session: str) -> None:
        """Begin; 202 and the copy's id."""
        self.answer({"copy": (await self.state.copies.begin(self.session(session))).id}, 202)


class CopyHandler(ControllerHandler):
    """`GET /v1/sessions/ID/copies/COPY`."""

    async def get(self, session: str, copy: str) -> None:
        """How far it is, and where it is found."""
        self.answer(await self.state.copies.state(self.session(session), check_session_id(copy)))


def _matches(record: Record, wanted: dict[str, str]) -> bool:
    owner = record.owner
    has = {
        "user": record.user,
        "phase": record.phase,
        "member": owner.member if owner else "",
        "server": owner.server if owner else "",
    }
    return all(not value or has[key] == value for key, value in wanted.items())

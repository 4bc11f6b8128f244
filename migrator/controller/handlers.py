"""The controller's API (docs/interfaces.md, section 5)."""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from typing import Any, cast

from migrator.controller.beyond import passed_on
from migrator.controller.errors import Busy
from migrator.controller.needs import Needs
from migrator.controller.pods import CALLS
from migrator.controller.profiles import checked, current, offered
from migrator.controller.state import State
from migrator.launch.errors import HubDenied, LaunchError, NoRoom
from migrator.notice.event import Cause, Notice
from migrator.routing.errors import RoutingError
from migrator.serving.errors import ApiError, Unavailable
from migrator.serving.handler import ApiHandler
from migrator.serving.logs import set_session
from migrator.session import Owner, Record, Target, check_member, check_session_id
from migrator.session.resume_links import resume_url
from migrator.session.sealing import unseal

DIGEST = r"([0-9a-f]{64})?"


class ControllerHandler(ApiHandler):
    """A call of somebody who knows the federation's secret."""

    @property
    def state(self) -> State:
        """This controller's parts."""
        return cast("State", self.settings["state"])

    def prepare(self) -> None:
        """Nobody else gets in."""
        self.require_secret(self.state.secret)

    def session(self, text: str) -> str:
        """A valid session id, named in the log from here on."""
        set_session(check_session_id(text))
        return text


class LaunchesHandler(ControllerHandler):
    """`POST /v1/launches`: the hub's hook."""

    async def post(self) -> None:
        """A new session's, or a standby's, environment."""
        self.answer(await self.state.launches.launch(self.json_body()))


class SessionsHandler(ControllerHandler):
    """`GET /v1/sessions?user=&server=&member=`: all records, or those that match."""

    async def get(self) -> None:
        """Without what is sealed."""
        wanted = {key: self.get_query_argument(key, "") for key in ("user", "server", "member", "phase")}
        found = [record for record in self.state.index.all() if _matches(record, wanted)]
        if not (wanted["server"] and found):  # one server's session that we know already needs no reading of all
            found = [record for record in await self.state.index.refresh() if _matches(record, wanted)]
        front_door, secret = self.state.member.settings.redirector_url, self.state.secret
        listed = [{**_public(record), "resume": resume_url(front_door, secret, record.id)} for record in found]
        self.answer({"sessions": listed})


class SessionHandler(ControllerHandler):
    """One session."""

    async def get(self, session: str) -> None:
        """Its record."""
        self.answer(_public(await self.state.records.get(self.session(session))))

    async def delete(self, session: str) -> None:
        """End it for good."""
        self.answer(_public(await self.state.mover.end(self.session(session))), 202)


class MoveHandler(ControllerHandler):
    """`POST /v1/sessions/ID/{move,suspend,resume}`."""

    async def post(self, session: str, verb: str) -> None:
        """Begin; 202 and the record, and the rest can be watched in its timeline."""
        body = self.json_body()
        deadline = _time(body, "deadline")
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
        self.answer(_public(record), 202)


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


class NoticesHandler(ControllerHandler):
    """`POST /v1/notices`."""

    def prepare(self) -> None:
        """Also for those who may warn and nothing else."""
        secret = self.state.notice_secret
        if secret is None or not hmac.compare_digest(self.bearer().encode(), secret):
            super().prepare()

    async def post(self) -> None:
        """Every session on the machine, or the one named, moves."""
        body = self.json_body()
        machine, session = body.get("machine"), body.get("session")
        if bool(machine) == bool(session):
            raise ApiError(400, "bad_body", "Give either `machine` or `session`.")
        taken = await self.state.desk.take(
            Notice(
                _cause(body.get("cause")),
                _deadline(body),
                detail=str(body.get("cause") or "announced by the API")[:200],
                machine=str(machine) if machine else None,
                session=self.session(str(session)) if session else None,
            )
        )
        self.answer({"sessions": [record.id for record in taken]}, 202)


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


def _public(record: Record) -> dict[str, Any]:
    value = record.to_json()
    value.pop("sealed", None)
    return value


def _matches(record: Record, wanted: dict[str, str]) -> bool:
    owner = record.owner
    has = {
        "user": record.user,
        "phase": record.phase,
        "member": owner.member if owner else "",
        "server": owner.server if owner else "",
    }
    return all(not value or has[key] == value for key, value in wanted.items())


def _time(body: dict[str, Any], key: str) -> float | None:
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiError(400, "bad_body", f"`{key}` must be Unix seconds.")
    return float(value)


def _deadline(body: dict[str, Any]) -> float | None:
    deadline, grace = _time(body, "deadline"), _time(body, "grace_s")
    return deadline if deadline is not None or grace is None else time.time() + grace


def _cause(value: Any) -> Cause:
    try:
        return Cause(value)
    except ValueError:
        return Cause.RECLAIMED

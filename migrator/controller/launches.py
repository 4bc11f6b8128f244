"""What the hub's hook asks when a server starts: a new session, or the standby of a move."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from migrator.controller.index import Index
from migrator.controller.marks import doors_of, image_of, server_of, with_machine, with_server, without_door
from migrator.controller.settings import Controller
from migrator.serving.errors import ApiError
from migrator.session import Owner, Record, SessionRecords, check_session_id, new_session_id
from migrator.session.resume_links import resume_url
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue


@dataclass
class Launches:
    """Answers `POST /v1/launches`."""

    settings: Controller
    secret: bytes
    records: SessionRecords
    index: Index

    async def launch(self, body: dict[str, Any]) -> dict[str, Any]:
        """`{"session", "env"}` for a server that is about to start."""
        user, options = _text(body, "user"), body.get("user_options") or {}
        if not isinstance(options, dict):
            raise ApiError(400, "bad_body", "`user_options` must be an object.")
        wanted = options.get("migrator")
        if wanted:
            return await self._standby(user, wanted)
        if body.get("server_name"):
            raise ApiError(400, "named_server", "Named servers are not protected: only a user's default server is.")
        return await self._new(
            user, str(body.get("server") or f"/user/{user}/"), options, str(body.get("machine") or "")
        )

    async def _new(self, user: str, server: str, options: dict[str, Any], machine: str) -> dict[str, Any]:
        await self._take_url_over(server)
        name = new_session_id()
        token = options.get("token")
        sealed = Secrets(secrets.token_bytes(32), token if isinstance(token, str) else "", options)
        record = Record(
            id=name,
            epoch=1,
            phase="starting",
            owner=Owner(self.settings.member, server, None, time.time()),
            user=user,
            image=str(options.get("image") or ""),
            link=_link(options),
            sealed=seal(self.secret, name, sealed),
            retention_s=self.settings.retention_s,
            created=time.time(),
            updated=time.time(),
        )
        record = with_machine(with_server(record, server), machine or self.settings.member)
        self.index.put(await self.records.create(record))
        return self._answer(name, 1)

    async def _standby(self, user: str, wanted: Any) -> dict[str, Any]:
        """Tokens for a standby go only to the server that a move under way asked for here, of the same user."""
        record = await self.records.get(check_session_id(wanted.get("session") if isinstance(wanted, dict) else None))
        here = record.target is not None and record.target.member == self.settings.member
        if record.phase != "moving" or not here or record.user != user or wanted.get("epoch") != record.epoch + 1:
            raise ApiError(403, "denied", f"Session {record.id} is not moving to this server.")
        answer, image = self._answer(record.id, record.epoch + 1), image_of(record)
        if image is not None:
            answer["env"]["MIGRATOR_IMAGE"] = image["digest"]
        return answer

    async def _take_url_over(self, server: str) -> None:
        """A new server at a URL that led to an older session elsewhere: the URL is the new one's from now on."""
        here = self.settings.member
        for record in self.index.all():
            if here in doors_of(record) and server_of(record) == server:
                self.index.put(await self.records.update(record.id, lambda old: without_door(old, here)))

    def _answer(self, session: str, epoch: int) -> dict[str, Any]:
        env = {
            "MIGRATOR_GATEWAY_URL": self.settings.gateway_url,
            "MIGRATOR_SESSION_ID": session,
            "MIGRATOR_SESSION_TOKEN": issue(self.secret, "session", session, epoch),
            "MIGRATOR_CONTROL_TOKEN": issue(self.secret, "control", session, epoch),
            "MIGRATOR_MEMBER": self.settings.member,
        }
        if link := resume_url(self.settings.redirector_url, self.secret, session):
            env["MIGRATOR_RESUME_URL"] = link
        return {"session": session, "env": env}


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value or not value.isprintable() or len(value) > 255 or "/" in value:
        raise ApiError(400, "bad_body", f"`{key}` must be a name.")
    return value


def _link(options: dict[str, Any]) -> str:
    """The launch link's path, as BinderHub puts it into the user options (binderhub/launcher.py)."""
    link = str(options.get("binder_request") or "")
    return f"/{link.strip('/')}" if link else ""

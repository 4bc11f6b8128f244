"""Copies: a second session that begins as the first one stands in its newest snapshot, and never touches it.

A copy has its own id, key, token and server. When its state is written it is a session that rests, and is brought up as any
other is.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from migrator.controller.copyist import Copyist, is_being_made
from migrator.controller.index import Index
from migrator.controller.marks import (
    has_lived,
    image_of,
    is_restored,
    name_of,
    origin_of,
    plan_of,
    profile_of,
    server_of,
    with_image,
    with_name,
    with_origin,
    with_profile,
    with_server,
)
from migrator.controller.move import Mover
from migrator.controller.peers import Peers
from migrator.controller.settings import Controller
from migrator.serving.client import ServiceError
from migrator.serving.errors import ApiError
from migrator.session import Record, SessionRecords, new_session_id
from migrator.session.sealing import Secrets, seal, unseal

ENDING = re.compile(r"-?copy-[0-9a-f]{6}$")
log = logging.getLogger(__name__)


@dataclass
class Copies:
    """Makes them, and says how far they are."""

    settings: Controller
    secret: bytes
    records: SessionRecords
    index: Index
    mover: Mover
    peers: Peers

    def __post_init__(self) -> None:
        """What makes them."""
        self._copyist = Copyist(self.secret, self.records, self.index, self._bring_up)

    async def begin(self, session: str) -> Record:
        """The record of a new copy; its state follows in the background.

        Raises:
            ApiError: there is nothing to copy, or there are too many already.
        """
        source = await self.records.get(session)
        if source.snapshot is None or source.phase == "ended":
            raise ApiError(422, "no_snapshot", "Nothing of this session is saved yet: save it, then copy it.")
        family = [r for r in self.index.all() if origin_of(r) == _root(source) and r.phase != "ended"]
        if len(family) >= self.settings.max_copies:
            raise ApiError(422, "too_many", f"There are {len(family)} copies of this session already: end one first.")
        copy = self.index.put(await self.records.create(self._record(source)))
        self._copyist.start(source, copy)
        return copy

    async def state(self, session: str, copy: str) -> dict[str, Any]:
        """`{"state": "copying|starting|ready|failed", "url", "reason"}` of a copy of this session."""
        source, record = await self.records.get(session), await self.records.get(copy)
        if origin_of(record) != _root(source):
            raise ApiError(404, "not_found", "This session has no such copy.")
        reason = _reason(record)
        lives = record.phase == "active" and is_restored(record) and plan_of(record) is None  # its route is open, too
        if lives and record.owner is not None:
            return {"state": "ready", "url": await self._url(record), "reason": ""}
        if record.phase != "ended" and plan_of(record) is not None:
            return {"state": "starting", "url": "", "reason": reason}
        if is_being_made(record):
            return {"state": "copying", "url": "", "reason": ""}
        if record.phase == "suspended" and not has_lived(record):
            await self.mover.end(record.id)  # nobody took it, or its maker is gone
        return {"state": "failed", "url": "", "reason": reason or "Making it was interrupted: ask for another one."}

    async def close(self) -> None:
        """Stop copying: what is half written is deleted."""
        await self._copyist.close()

    async def _bring_up(self, source: Record, copy: Record) -> None:
        own = source.owner.member if source.owner and not self.settings.delete_users else None
        await self.mover.begin(copy.id, way="resume", cause="copy", only=own)

    def _record(self, source: Record) -> Record:
        name, old = new_session_id(), unseal(self.secret, source.id, source.sealed)
        token = secrets.token_urlsafe(24) if old.token else ""
        options = {**old.user_options, **({"token": token} if old.token else {})}
        copy = Record(
            id=name,
            epoch=1,
            phase="suspended",
            image=source.image,
            link=source.link,
            sealed=seal(self.secret, name, Secrets(secrets.token_bytes(32), token, options)),
            retention_s=source.retention_s,
            created=time.time(),
            updated=time.time(),
        )
        return with_origin(self._placed(source, copy), _root(source))

    def _placed(self, source: Record, copy: Record) -> Record:
        """Where users are made for one launch it is another user's, else a second server of the same user."""
        ending, image = f"copy-{secrets.token_hex(3)}", image_of(source)
        if self.settings.delete_users:
            user = f"{ENDING.sub('', source.user)}-{ending}"
            folder = server_of(source).rstrip("/").rpartition("/")[0]
            copy = with_server(replace(copy, user=user), f"{folder}/{quote(user, safe='@~')}/")
        else:
            own = server_of(source).rstrip("/")
            home = own.rpartition("/")[0] if name_of(source) else own
            copy = with_name(with_server(replace(copy, user=source.user), f"{home}/{ending}/"), ending)
        copy = with_profile(copy, profile_of(source))
        return with_image(copy, image["name"], image["digest"]) if image else copy

    async def _url(self, record: Record) -> str:
        owner, token = record.owner, unseal(self.secret, record.id, record.sealed).token
        if owner is None:
            return ""
        try:
            public = await self.peers.public_url(owner.member)
        except ServiceError as error:
            raise ApiError(503, "unknown_place", f"it is not known where browsers find it: {error}") from error
        return f"{public.rstrip('/')}{owner.server}" + (f"?token={quote(token)}" if token else "")


def _root(record: Record) -> str:
    """The session that a family of copies began with."""
    return origin_of(record) or record.id


def _reason(record: Record) -> str:
    """Why it is not there yet, in the words of whoever said so last."""
    reasons = [str(each.detail.get("reason") or "") for each in record.timeline if each.event in {"failed", "reason"}]
    return reasons[-1] if reasons else ""

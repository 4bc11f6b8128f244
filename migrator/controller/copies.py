"""Copies: a second session that begins as the first one stands in its newest snapshot, and never touches it.

A copy has its own id, key, token and server. Its objects are written here, under its own key, since no pod may read another
session's; then it is a session that rests, and is brought up as any other is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any
from urllib.parse import quote

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
from migrator.serving.logs import about
from migrator.session import PhaseError, Record, SessionError, SessionRecords, new_session_id, phases
from migrator.session.copying import copy_snapshot
from migrator.session.sealing import Secrets, seal, unseal
from migrator.snapshot import SessionKeys, SnapshotError, open_snapshot
from migrator.storage.errors import StorageError

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
    _making: dict[str, asyncio.Task[None]] = field(default_factory=dict)

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
        task = self._making[copy.id] = asyncio.create_task(self._make(source, copy), name=f"copy {copy.id}")
        task.add_done_callback(lambda _: self._making.pop(copy.id, None))
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
        if record.id in self._making:
            return {"state": "copying", "url": "", "reason": ""}
        if record.phase == "suspended" and plan_of(record) is None and not has_lived(record):
            await self.mover.end(record.id)  # nobody took it
        over = record.phase == "ended" or plan_of(record) is None
        return {"state": "failed" if over else "starting", "url": "", "reason": reason}

    async def close(self) -> None:
        """Stop copying: what is half written is deleted."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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

    async def _make(self, source: Record, copy: Record) -> None:
        with about(copy.id):
            try:
                await self._copy_state(source, copy)
                own = source.owner.member if source.owner and not self.settings.delete_users else None
                await self.mover.begin(copy.id, way="resume", cause="copy", only=own)
            except (StorageError, SessionError, SnapshotError, ApiError) as error:
                log.warning("no copy: %s", error)
                await self._give_up(copy, str(error))

    async def _copy_state(self, source: Record, copy: Record) -> None:
        key = unseal(self.secret, source.id, source.sealed).key
        view = self.records.objects(source.id)
        reader = await open_snapshot(view, SessionKeys(key), source.id, str(source.snapshot))
        own = SessionKeys(unseal(self.secret, copy.id, copy.sealed).key)
        renamed = _new_ids(reader.manifest.body)
        body = json.loads(renamed(json.dumps(_body(reader.manifest.body, source, reader.manifest.created))))
        manifest = await copy_snapshot(reader, self.records.objects(copy.id), own, copy.id, body, renamed)

        def change(record: Record) -> Record:
            if record.phase != "suspended":
                raise PhaseError(f"the copy is {record.phase}")
            return replace(record, snapshot=manifest.snapshot, snapshot_at=time.time(), state_bytes=source.state_bytes)

        self.index.put(await self.records.update(copy.id, change))

    async def _give_up(self, copy: Record, reason: str) -> None:
        def change(record: Record) -> Record:
            return phases.end(phases.noted(record, "failed", {"reason": reason[:300]}))

        try:
            self.index.put(await self.records.update(copy.id, change))
        except (StorageError, SessionError) as error:
            log.warning("the record of the copy stays until it is too old: %s", error)

    async def _url(self, record: Record) -> str:
        owner, token = record.owner, unseal(self.secret, record.id, record.sealed).token
        if owner is None:
            return ""
        try:
            public = await self.peers.public_url(owner.member)
        except ServiceError as error:
            raise ApiError(503, "unknown_place", f"it is not known where browsers find it: {error}") from error
        return f"{public.rstrip('/')}{owner.server}" + (f"?token={quote(token)}" if token else "")


def _body(body: dict[str, Any], source: Record, at: float) -> dict[str, Any]:
    """Nobody is logged in to the copy, its journal begins anew, and it knows that it is one: what ran goes on in the first only."""
    server = {"at": body["server"].get("at"), "copied": {"session": source.id, "at": at}}
    return {**body, "journal": {"epoch": 0, "seq": 0}, "server": server}


def _new_ids(body: dict[str, Any]) -> Callable[[str], str]:
    """Gives kernels and notebooks' sessions other ids wherever they stand: servers that share a home share files named after them."""
    old = [*body["kernels"], *(row["id"] for row in body["sessions"])]
    new = {each: str(uuid.uuid4()) for each in old}

    def renamed(text: str) -> str:
        return reduce(lambda so_far, each: so_far.replace(each, new[each]), old, text)

    return renamed


def _root(record: Record) -> str:
    """The session that a family of copies began with."""
    return origin_of(record) or record.id


def _reason(record: Record) -> str:
    """Why it is not there yet, in the words of whoever said so last."""
    reasons = [str(each.detail.get("reason") or "") for each in record.timeline if each.event in {"failed", "reason"}]
    return reasons[-1] if reasons else ""

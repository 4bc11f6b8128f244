"""A pod's calls about its session: who am I, I am alive, this snapshot is durable."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from migrator.gateway.handler import PodHandler
from migrator.gateway.names import check_snapshot_id
from migrator.gateway.roles import OWNER
from migrator.serving.errors import ApiError
from migrator.session import Record, phases
from migrator.session.logouts import logouts_of
from migrator.session.sealing import unseal
from migrator.session.tokens import Token
from migrator.storage.errors import NotFound

MOST_EVENTS = 50


class SessionHandler(PodHandler):
    """`GET /v1/session`: all that a pod must know to begin. The key goes to the holder of a standing token only."""

    async def get(self) -> None:
        """Identity, role and key."""
        token = self.pod()
        record = await self.state.cache.fresh(token.session)
        role = self.state.roles.of(token, record)
        secrets = unseal(self.state.roles.secret, record.id, record.sealed)
        self.answer(
            {
                "id": record.id,
                "epoch": record.epoch,
                "phase": record.phase,
                "role": role,
                "snapshot": record.snapshot,
                "key": base64.b64encode(secrets.key).decode(),
                "lease_s": self.state.settings.lease_s,
                "restore": record.snapshot is not None,
                "logouts": logouts_of(record),
            }
        )


class AliveHandler(PodHandler):
    """`POST /v1/session/alive`: renews the lease. It reads the record anew, since a former owner must learn that it is one."""

    async def post(self) -> None:
        """The epoch that stands, and the caller's role in it."""
        token, body = self.pod(), self.json_body()
        address = _address(body.get("address"))
        pages = body.get("pages") or 0
        record = await self.state.cache.fresh(token.session)
        stops = body.get("state") == "stopping"
        if self._told(record, token, address, pages, stops) != record:
            record = await self.state.records.update(
                token.session, lambda r: self._told(r, token, address, pages, stops)
            )
            self.state.cache.put(record)
        role = self.state.roles.of(token, record)
        self.answer(
            {
                "epoch": record.epoch,
                "phase": record.phase,
                "role": role,
                "lease_s": self.state.settings.lease_s,
                "logouts": logouts_of(record),
            }
        )

    def _told(self, record: Record, token: Token, address: str | None, pages: Any, stops: bool) -> Record:
        """The record with what the pod says; the same one if it knew all that."""
        if self.state.roles.of(token, record) != OWNER:
            if record.target and address and record.target.address != address:
                return phases.retarget(record, replace(record.target, address=address))
            return record
        if record.owner and (record.phase == "starting" or (address and record.owner.address != address)):
            record = phases.started(record, address)
        if stops:
            record = phases.stopping(record)
        if isinstance(pages, int) and pages > 0 and _page_is_awaited(record):
            record = phases.noted(record, "page-back", {"pages": pages})
        return record


class SnapshotHandler(PodHandler):
    """`POST /v1/session/snapshot`: from here on the session is restored from this snapshot."""

    async def post(self) -> None:
        """Name a snapshot whose packs and manifest are stored."""
        token, body = self.pod(), self.json_body()
        snapshot = check_snapshot_id(body.get("snapshot"))
        events = _events(body.get("events"))
        await self._require_manifest(token, snapshot)
        state_bytes, notebooks = (_number(body.get(name)) for name in ("state_bytes", "notebooks"))

        def change(record: Record) -> Record:
            self.state.roles.require_owner(token, record)
            if record.snapshot != snapshot:
                record = phases.saved(record, snapshot, state_bytes, notebooks)
            for at, event, detail in events:
                record = phases.noted(record, event, detail, at=at)
            return record

        self.state.cache.put(await self.state.records.update(token.session, change))
        self.state.numbers.snapshots.inc()
        self.answer({})

    async def _require_manifest(self, token: Token, snapshot: str) -> None:
        try:
            await self.state.records.objects(token.session).head(f"manifests/{snapshot}")
        except NotFound as error:
            raise ApiError(412, "conflict", "Store the snapshot's manifest before naming it.") from error


def _page_is_awaited(record: Record) -> bool:
    last = [event.event for event in record.timeline if event.event in {"routed", "page-back"}]
    return bool(last) and last[-1] == "routed"


def _address(value: Any) -> str | None:
    if value is None:
        return None
    if (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and value.isprintable()
        and len(value) < 300
    ):
        return value.rstrip("/")
    raise ApiError(400, "bad_body", "`address` must be the http(s) URL of the server.")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _events(value: Any) -> list[tuple[float, str, dict[str, Any]]]:
    """A pod's events; anything malformed is refused as a whole."""
    try:
        events = [(float(each["at"]), str(each["event"])[:40], dict(each.get("detail") or {})) for each in value or []]
    except (TypeError, KeyError, ValueError) as error:
        raise ApiError(400, "bad_body", "`events` must be a list of {at, event, detail}.") from error
    if len(events) > MOST_EVENTS:
        raise ApiError(400, "bad_body", f"At most {MOST_EVENTS} events at once.")
    return events

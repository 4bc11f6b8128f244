"""What the redirector knows of sessions: where one lives now, and how it is brought back."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from migrator.redirector.bindings import Bindings
from migrator.redirector.destination import destination
from migrator.redirector.health import Health
from migrator.redirector.hosts import Host
from migrator.serving.client import Refused, ServiceClient, ServiceError
from migrator.serving.logs import set_session
from migrator.session import Record, SessionRecords
from migrator.session.sealing import unseal

FIND_LIMIT_S = 10.0
FIND_POLL_S = 0.2
log = logging.getLogger(__name__)


class NoController(Exception):
    """No member's controller could be asked; the message is for the person who waits."""


@dataclass
class Sessions:
    """`hubs` learns the public URLs of the members' hubs from launches, where the settings do not give them."""

    secret: bytes
    records: SessionRecords
    bindings: Bindings
    health: Health
    hubs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """One client for each member's controller."""
        self._clients = {
            name: ServiceClient(host.controller, f"Bearer {self.secret.decode()}")
            for name, host in self.health.hosts.items()
            if host.controller
        }

    async def url(self, record: Record, query: str, fallback: str = "") -> str | None:
        """The page's URL in a live session; None if it is not known how browsers reach its member."""
        owner = record.owner
        if owner is None:
            return None
        hub = await self.hub(owner.member) or _before(fallback, owner.server)
        if not hub:
            return None
        return destination(hub, owner.server, unseal(self.secret, record.id, record.sealed).token, query)

    async def hub(self, member: str) -> str:
        """The public URL of a member's hub: as set here, as a launch showed it, or as its controller says; else empty."""
        host = self.health.hosts.get(member)
        known = (host.hub if host else "") or self.hubs.get(member, "")
        if known or member not in self._clients:
            return known
        try:
            answer = await self._clients[member].call("GET", "/v1/room", timeout=3.0)
        except ServiceError as error:
            log.warning("the controller of %s does not say where its hub is: %s", member, error)
            return ""
        self.hubs[member] = str(answer.data.get("public_url") or "").rstrip("/")
        return self.hubs[member]

    def is_live(self, record: Record) -> bool:
        """Whether a browser that goes there finds the session running."""
        if record.phase not in {"active", "starting"} or record.owner is None:
            return False
        marks = record.more.get("controller") or {}
        return record.epoch == 1 or marks.get("restored") == record.epoch

    def is_on_its_way(self, record: Record) -> bool:
        """Whether it will be running in a moment without anybody's doing."""
        return record.phase == "moving" or (record.phase == "active" and not self.is_live(record))

    async def is_out_of_reach(self, record: Record) -> bool:
        """Whether a live session's member is gone: no launches, and a controller that does not answer."""
        owner = record.owner
        if owner is None or owner.member not in self.health.sick or owner.member not in self._clients:
            return False
        try:
            await self._clients[owner.member].call("GET", "/healthz", timeout=2.0)
        except ServiceError:
            return True
        return False

    async def bind(self, browser: str, link: str, host: Host, event: dict[str, Any]) -> None:
        """A launch is ready: this browser has that session now. A launch without a session is left alone."""
        url = str(event.get("url") or "")
        server = urlsplit(url).path
        session = await self._find(host, server)
        if session is None:
            log.info("the server at %s has no session", url)
            return
        set_session(session)
        self.hubs[host.name] = _before(url, server)
        await self.bindings.put(browser, link, session, url)
        log.info("launched at %s; its browser is known", host.name)

    async def resume(self, record: Record) -> None:
        """Have it brought back by a member that is well.

        Raises:
            NoController: none could be asked, or it said no.
        """
        for name in self._order(record):
            try:
                await self._clients[name].call("POST", f"/v1/sessions/{record.id}/resume", {"cause": "resumed"})
            except Refused as error:
                if error.code in {"busy", "phase"}:
                    return
                log.warning("member %s does not resume: %s", name, error)
            except ServiceError as error:
                log.warning("member %s cannot be asked: %s", name, error)
            else:
                return
        raise NoController(
            "No member of the federation can take the session just now. It stays saved; try again later."
        )

    def _order(self, record: Record) -> list[str]:
        active = self.health.active()
        elsewhere = record.owner.member if record.owner else None
        names = [name for name in self._clients if name != elsewhere]
        return sorted(names, key=lambda name: name not in active)

    async def _find(self, host: Host, server: str) -> str | None:
        """The session of a server that just started; its record may be a moment behind."""
        client = self._clients.get(host.name)
        if client is None:
            return None
        end = time.monotonic() + FIND_LIMIT_S
        while time.monotonic() < end:
            try:
                query = urlencode({"server": server, "member": host.name})
                found = (await client.call("GET", f"/v1/sessions?{query}")).data["sessions"]
            except ServiceError as error:
                log.warning("the controller of %s does not say which session it is: %s", host.name, error)
                return None
            live = [record for record in found if record["phase"] in {"starting", "active", "moving"}]
            if live:
                return str(max(live, key=lambda record: record["created"])["id"])
            await asyncio.sleep(FIND_POLL_S)
        return None


def _before(url: str, server: str) -> str:
    """The hub's public URL: what stands before the server's path."""
    return url[: url.index(server)].rstrip("/") if server and server in url else ""

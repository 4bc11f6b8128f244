"""Calls to the controllers of the federation, the own one included: what concerns a member is done by its controller."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient

from migrator.controller.needs import Needs
from migrator.serving.client import ServiceClient, ServiceError

SHARED_S = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """Whether a member takes sessions; `free` places, None if it knows no limit. `image`: one of its machines has the image.

    `fits`: for so many sessions of that size its machines have room now, None if it does not know. `why`: it takes none, and this is why.
    """

    member: str
    weight: float
    free: int | None
    image: bool = True
    fits: int | None = None
    why: str = ""


class Peers:
    """`members` as in the settings: {name: {"controller": url, "weight": number, "relay": url}}."""

    def __init__(self, members: dict[str, dict[str, Any]], secret: bytes) -> None:
        self._members = members
        client = AsyncHTTPClient(force_instance=True, max_clients=200)
        self._clients = {
            name: ServiceClient(str(entry["controller"]), f"Bearer {secret.decode()}", client=client)
            for name, entry in members.items()
            if entry and entry.get("controller")
        }
        self._client = client
        self._rooms: dict[str, tuple[float, asyncio.Future[list[Room]]]] = {}

    async def host(self, member: str, session: str, epoch: int, limit_s: float) -> dict[str, Any]:
        """Have a standby started there: `{"address", "server"}`; errors of `migrator.serving.client`."""
        path = f"/v1/sessions/{session}/host"
        return dict((await self._clients[member].call("POST", path, {"epoch": epoch}, timeout=limit_s)).data)

    async def tend(self, member: str, session: str, limit_s: float = 60.0) -> dict[str, Any]:
        """Have that member's hub and proxy brought in line with the record: `{"stopped": bool, "dead": bool}`."""
        if member not in self._clients:
            raise ServiceError(f"no controller is known for member {member}; see the setting `members`")
        answer = await self._clients[member].call("POST", f"/v1/sessions/{session}/tend", timeout=limit_s)
        return dict(answer.data)

    async def tend_all(self, members: set[str], session: str) -> list[str]:
        """`tend` each of them; gives those that cannot be reached. They catch up when they are back."""
        names = sorted(members)
        results = await asyncio.gather(*(self.tend(name, session) for name in names), return_exceptions=True)
        unreached = {
            name: result for name, result in zip(names, results, strict=True) if isinstance(result, BaseException)
        }
        for name, error in unreached.items():
            log.warning("member %s is not in line yet: %s", name, error)
        return list(unreached)

    async def rooms(self, image: str = "", needs: Needs | None = None) -> list[Room]:
        """Who takes sessions (of that image, and that size) now; a member that does not answer takes none.

        The many sessions of one machine ask all at once: the answer is theirs together for a moment.
        """
        asked = {"image": image, **asdict(needs or Needs())}
        query = urlencode({key: value for key, value in asked.items() if value})
        since, answer = self._rooms.get(query, (0.0, None))
        if answer is None or time.monotonic() - since > SHARED_S:
            answer = asyncio.ensure_future(self._ask_for_rooms(query))
            self._rooms = {query: (time.monotonic(), answer)}
        return await asyncio.shield(answer)

    async def _ask_for_rooms(self, query: str) -> list[Room]:
        return list(await asyncio.gather(*(self._room(name, query) for name in self._clients)))

    async def public_url(self, member: str) -> str:
        """Where browsers find that member's hub; empty if its settings do not say."""
        if member not in self._clients:
            raise ServiceError(f"no controller is known for member {member}; see the setting `members`")
        return str((await self._clients[member].call("GET", "/v1/room", timeout=3.0)).data.get("public_url") or "")

    async def is_there(self, member: str) -> bool:
        """Whether that member's controller answers."""
        try:
            await self._clients[member].call("GET", "/healthz", timeout=3.0)
        except (KeyError, ServiceError):
            return False
        return True

    async def _room(self, name: str, query: str) -> Room:
        try:
            data = (await self._clients[name].call("GET", f"/v1/room?{query}", timeout=3.0)).data
        except ServiceError as error:
            return Room(name, 0.0, 0, why=str(error))
        weight = float(self._members[name].get("weight", 1.0))
        return Room(name, weight, data.get("free"), bool(data.get("image", True)), data.get("fits"))

    def controller(self, member: str) -> ServiceClient | None:
        """The line to that member's controller; None if there is none that we know."""
        return self._clients.get(member)

    def relay(self, member: str) -> str:
        """Where the other members' proxies reach that member's servers; empty: at the pods' own addresses."""
        return str((self._members.get(member) or {}).get("relay") or "")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

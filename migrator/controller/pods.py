"""Calls to the extension in a user's pod (docs/interfaces.md, section 6)."""

from __future__ import annotations

from typing import Any

from tornado.httpclient import AsyncHTTPClient

from migrator.controller.beyond import PodBeyond
from migrator.notice.event import Cause
from migrator.serving.client import ServiceClient
from migrator.session.tokens import issue

PAGE_CAUSES = {
    Cause.EVICTED: "drain",
    Cause.PREEMPTED: "preemption",
    Cause.TAINTED: "drain",
    Cause.DRAINED: "drain",
    Cause.SCALED_DOWN: "drain",
    Cause.RECLAIMED: "preemption",
    Cause.AT_RISK: "preemption",
    Cause.MAINTENANCE: "maintenance",
    Cause.SHUTDOWN: "maintenance",
    Cause.DISOWNED: "maintenance",
    Cause.OUT_OF_MEMORY: "memory",
}
"""The words that the page knows; a cause that is not here was somebody's wish: `manual`."""


CALLS = {("GET", "/status"), *(("POST", f"/{verb}") for verb in ("notice", "freeze", "thaw", "activate", "stop"))}
"""All that controllers ever ask of a pod."""


class Pod:
    """One pod's extension. All calls raise the errors of `migrator.serving.client`."""

    def __init__(self, client: ServiceClient | PodBeyond) -> None:
        self._client = client

    async def status(self, limit_s: float = 3.0) -> dict[str, Any]:
        """How it is."""
        data = (await self._client.call("GET", "/status", timeout=limit_s)).data
        return data if isinstance(data, dict) else {}

    async def notice(self, cause: str, deadline: float | None) -> None:
        """Tell the page, start saving."""
        told = PAGE_CAUSES.get(Cause(cause), "manual") if cause in set(Cause) else "manual"
        await self._client.call("POST", "/notice", {"cause": told, "deadline": deadline}, timeout=5.0)

    async def freeze(self, deadline: float | None, limit_s: float) -> str | None:
        """Stop the kernels and save: the id of a snapshot that is durable; None if there was nothing to save."""
        answer = await self._client.call("POST", "/freeze", {"deadline": deadline}, timeout=limit_s)
        snapshot = answer.data.get("snapshot") if isinstance(answer.data, dict) else None
        return str(snapshot) if snapshot else None

    async def thaw(self) -> None:
        """The move was called off."""
        await self._client.call("POST", "/thaw", timeout=10.0)

    async def activate(self, snapshot: str | None, limit_s: float) -> dict[str, Any]:
        """Become the live session; the report of what was restored."""
        answer = await self._client.call("POST", "/activate", {"snapshot": snapshot}, timeout=limit_s)
        report = answer.data.get("report") if isinstance(answer.data, dict) else None
        return report if isinstance(report, dict) else {}

    async def stop(self) -> None:
        """Fenced: stop the kernels, say so to the page."""
        await self._client.call("POST", "/stop", timeout=10.0)


class Pods:
    """Makes `Pod`s; `secret` signs the control token that a pod was started with."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._client = AsyncHTTPClient(force_instance=True, max_clients=500)

    def pod(self, session: str, epoch: int, address: str, server: str, through: ServiceClient | None = None) -> Pod:
        """The pod of one epoch at `address`, whose base URL is `server`; `through` the controller of another member."""
        client = self.client(session, epoch, address, server)
        return Pod(PodBeyond(through, session, epoch, client) if through else client)

    def client(self, session: str, epoch: int, address: str, server: str) -> ServiceClient:
        """The bare line to it."""
        url = f"{address.rstrip('/')}/{server.strip('/')}/migrator/api/v1"
        token = issue(self._secret, "control", session, epoch)
        return ServiceClient(url, f"Bearer {token}", client=self._client)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

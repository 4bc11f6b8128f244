"""Asks a machine's cloud every few seconds, and tells the controller what is new. One runs on each machine."""

from __future__ import annotations

import asyncio
import json
import logging

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from migrator.notice.clouds import Cloud, CloudError
from migrator.notice.event import Notice

log = logging.getLogger(__name__)


class MachineWatch:
    """Looks at one cloud for one machine; `secret` need only allow to give notices."""

    def __init__(self, cloud: Cloud, machine: str, controller_url: str, secret: str, *, period_s: float = 5.0) -> None:
        self._cloud = cloud
        self._machine = machine
        self._url = f"{controller_url.rstrip('/')}/v1/notices"
        self._secret = secret
        self._period = period_s
        self._told: Notice | None = None

    async def run(self) -> None:
        """Until cancelled. AWS asks for 5 s between looks, Azure for 1."""
        while True:
            try:
                await self.once()
            except CloudError as error:
                log.warning("%s", error)
            except (HTTPClientError, OSError) as error:
                log.warning("the controller could not be told, and will be: %s", error)
            await asyncio.sleep(self._period)

    async def once(self) -> None:
        """Look, and tell what presses more than what was told before."""
        notice = await self._cloud.look()
        if notice is None:
            self._told = None
            return
        if notice.presses_more_than(self._told):
            await self._tell(notice)
            self._told = notice

    async def _tell(self, notice: Notice) -> None:
        log.info("notice for %s: %s, %s", self._machine, notice.cause, notice.detail)
        body = {"machine": self._machine, "cause": str(notice.cause), "deadline": notice.deadline}
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        client = AsyncHTTPClient()
        await client.fetch(self._url, method="POST", headers=headers, body=json.dumps(body), request_timeout=10.0)

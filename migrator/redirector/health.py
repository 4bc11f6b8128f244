"""Asks every member, now and then, whether it can take launches."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from migrator.redirector.hosts import Host
from migrator.redirector.settings import Redirector

RETRY_S = 1.0
log = logging.getLogger(__name__)


class UnhealthyError(Exception):
    """A member must not get launches; `reason` is one word for the metrics."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass
class Health:
    """What is known of all members. One that was never asked counts as well: launches must not wait for us to start."""

    settings: Redirector
    hosts: dict[str, Host]
    registry: CollectorRegistry
    sick: dict[str, str] = field(default_factory=dict)
    prime_versions: Any = None

    def __post_init__(self) -> None:
        """Register the metrics, and get a client of our own."""
        self._client = AsyncHTTPClient(force_instance=True)
        self._health = Gauge("federation_health", "1: takes launches", ("member", "reason"), registry=self.registry)
        self._checks = Gauge(
            "federation_health_check",
            "1: this check of the member is good",
            ("member", "check"),
            registry=self.registry,
        )
        self._told: dict[str, str] = {}

    def active(self) -> dict[str, Host]:
        """Members that take launches; if there is none, the prime, so that people see what is wrong."""
        well = {name: host for name, host in self.hosts.items() if name not in self.sick}
        return well or {self.prime.name: self.prime}

    @property
    def prime(self) -> Host:
        """The member that shows the pages."""
        return next(host for host in self.hosts.values() if host.prime)

    async def run(self) -> None:
        """Ask all members for ever, the prime first since the others are compared with it."""
        await self.check(self.prime)
        async with asyncio.TaskGroup() as group:
            for host in self.hosts.values():
                group.create_task(self._watch(host))

    async def check(self, host: Host) -> None:
        """Ask one member once."""
        try:
            await self._examine(host)
        except UnhealthyError as error:
            if host.name not in self.sick:
                log.warning("%s takes no launches: %s", host.name, error)
            self.sick[host.name] = error.reason
            self._tell(host, error.reason, 0)
        else:
            if self.sick.pop(host.name, None):
                log.info("%s takes launches again", host.name)
            self._tell(host, "success", 1)

    async def _watch(self, host: Host) -> None:
        while True:
            await self.check(host)
            period = self.settings.check_failed_period if host.name in self.sick else self.settings.check_period
            share = self.settings.check_jitter * (random.random() - 0.5)  # noqa: S311 - only spreads the checks
            await asyncio.sleep(period * (1 + share))

    async def _examine(self, host: Host) -> None:
        health, versions = await asyncio.gather(self._fetch(host.health), self._fetch(host.versions))
        for check in health.get("checks") or []:
            self._examine_check(host, check)
        if not health.get("ok", True):
            raise UnhealthyError("health", "its health check says so")
        if host.prime:
            self.prime_versions = versions
        elif self.prime_versions is not None and versions != self.prime_versions:
            raise UnhealthyError("versions", f"its versions are {versions}, the prime's {self.prime_versions}")

    def _examine_check(self, host: Host, check: dict[str, Any]) -> None:
        name, good = str(check.get("service", "")), bool(check.get("ok"))
        quota, pods = check.get("quota"), check.get("total_pods")
        full = quota is not None and pods is not None and pods + self.settings.pod_headroom >= quota
        self._checks.labels(host.name, name).set(good and not full)
        if not good:
            raise UnhealthyError("health", f"{name} is not well")
        if full:
            raise UnhealthyError("quota", f"{pods} of {quota} pods are taken")

    async def _fetch(self, url: str) -> dict[str, Any]:
        """Its JSON. A 503 of `/health` carries the same body as a 200. Only a broken network is worth another try."""
        for tries_left in reversed(range(max(1, self.settings.check_retries))):
            try:
                answer = await self._client.fetch(url, request_timeout=self.settings.check_timeout, raise_error=False)
                data = json.loads(answer.body)
            except (OSError, HTTPClientError) as error:
                if not tries_left:
                    raise UnhealthyError("network", f"{url}: {error}") from error
                await asyncio.sleep(RETRY_S)
            except ValueError as error:
                raise UnhealthyError("answer", f"{url} answers {answer.code}, and no JSON") from error
            else:
                return data if isinstance(data, dict) else {}
        raise AssertionError("unreachable")

    def _tell(self, host: Host, reason: str, value: int) -> None:
        old = self._told.get(host.name)
        if old not in {None, reason}:
            self._health.remove(host.name, old)
        self._told[host.name] = reason
        self._health.labels(host.name, reason).set(value)

    async def close(self) -> None:
        """Give the connections back."""
        self._client.close()

"""What all handlers of the redirector share."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter
from tornado.httpclient import AsyncHTTPClient

from migrator.redirector.balance import random_rank, rendezvous_rank, repository_key
from migrator.redirector.bindings import Bindings
from migrator.redirector.health import Health
from migrator.redirector.hosts import Host, read_hosts
from migrator.redirector.sessions import Sessions
from migrator.redirector.settings import Redirector
from migrator.session import SessionRecords
from migrator.storage.protocol import ObjectStore

LARGEST_PAGE = 50 * 2**20


@dataclass
class State:
    """One redirector's parts; `sessions` is None where it knows none."""

    settings: Redirector
    health: Health
    sessions: Sessions | None
    redirects: Counter
    client: AsyncHTTPClient

    @classmethod
    def make(cls, settings: Redirector, store: ObjectStore | None, registry: CollectorRegistry) -> State:
        """Put the parts together; `SettingsError` if something needed is missing."""
        health = Health(settings, read_hosts(settings.hosts), registry)
        sessions = None
        if store is not None:
            bindings = Bindings(store, settings.binding_age_hours * 3600)
            sessions = Sessions(settings.secret(), SessionRecords(store), bindings, health)
        redirects = Counter("federation_redirect_count", "Launches, by member", ("member", "reason"), registry=registry)
        client = AsyncHTTPClient(force_instance=True, max_clients=1000, max_body_size=LARGEST_PAGE)
        return cls(settings, health, sessions, redirects, client)

    def choose(self, path: str, cookie: str | None) -> tuple[Host, str]:
        """The member for a launch, and why it is that one."""
        active = self.health.active()
        by_url = {host.url: host for host in active.values()}
        if cookie in by_url:
            return by_url[cookie], "cookie"
        if set(active) <= set(self.health.sick):
            return next(iter(active.values())), "prime"
        weights = [(host.url, host.weight) for host in active.values()]
        if self.settings.load_balancer == "rendezvous":
            return by_url[rendezvous_rank(weights, repository_key(path))[0]], "rendezvous"
        return by_url[random_rank(weights)[0]], "random"

    async def close(self) -> None:
        """Give the connections back."""
        self.client.close()
        await self.health.close()

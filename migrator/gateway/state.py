"""What all handlers of the gateway share."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from migrator.gateway.budget import Budget
from migrator.gateway.cache import RecordCache
from migrator.gateway.quota import Quota
from migrator.gateway.roles import Roles
from migrator.gateway.settings import Gateway
from migrator.serving.client import ServiceClient
from migrator.session import SessionRecords
from migrator.storage.protocol import ObjectStore


@dataclass(frozen=True)
class Numbers:
    """The gateway's own metrics."""

    taken: Counter
    given: Counter
    fenced: Counter
    snapshots: Counter

    @classmethod
    def make(cls, registry: CollectorRegistry, budget: Budget) -> Numbers:
        """Register them."""
        held = Gauge("migrator_gateway_body_bytes", "Bytes of bodies held in memory", registry=registry)
        held.set_function(lambda: budget.used)
        return cls(
            Counter("migrator_gateway_taken_bytes", "Bytes that pods stored", registry=registry),
            Counter("migrator_gateway_given_bytes", "Bytes that pods read", registry=registry),
            Counter("migrator_gateway_fenced", "Calls of former owners that were refused", registry=registry),
            Counter("migrator_gateway_snapshots", "Snapshots that became durable", registry=registry),
        )


@dataclass(frozen=True)
class State:
    """One gateway's parts."""

    settings: Gateway
    roles: Roles
    records: SessionRecords
    cache: RecordCache
    quota: Quota
    budget: Budget
    numbers: Numbers
    controller: ServiceClient | None = None

    @classmethod
    def make(cls, settings: Gateway, store: ObjectStore, registry: CollectorRegistry) -> State:
        """Put the parts together."""
        records = SessionRecords(store)
        budget = Budget(settings.memory_budget)
        return cls(
            settings,
            Roles(settings.secret(), settings.member),
            records,
            RecordCache(records, settings.record_cache_s),
            Quota(records, settings.quota, settings.quota_refresh_s),
            budget,
            Numbers.make(registry, budget),
            _controller(settings),
        )


def _controller(settings: Gateway) -> ServiceClient | None:
    if not settings.controller_url:
        return None
    return ServiceClient(settings.controller_url, f"Bearer {settings.secret().decode()}")

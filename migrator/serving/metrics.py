"""Numbers for Prometheus. Each service has a registry of its own, so that two in one process do not collide."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from migrator.serving.handler import ApiHandler

BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class Metrics:
    """Calls and their durations, for every service; a service adds its own collectors to `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("handler", "method", "status")
        self._requests = Counter("migrator_requests", "Answers given", labels, registry=self.registry)
        self._seconds = Histogram(
            "migrator_request_seconds", "Time to answer", ("handler",), buckets=BUCKETS, registry=self.registry
        )

    def observe(self, handler: str, method: str, status: int, seconds: float) -> None:
        """One finished call."""
        self._requests.labels(handler, method, str(status)).inc()
        self._seconds.labels(handler).observe(seconds)


class MetricsHandler(ApiHandler):
    """`GET /metrics` in Prometheus' text format."""

    def get(self) -> None:
        """All series of this service."""
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.settings["metrics"].registry))

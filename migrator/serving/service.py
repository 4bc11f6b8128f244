"""Life of a service: listen, work, and on SIGTERM stop taking work, finish what is under way, and end with 0."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from migrator.serving.application import CountingApplication
from migrator.serving.errors import ApiError
from migrator.serving.handler import ApiHandler, HealthHandler
from migrator.serving.metrics import Metrics, MetricsHandler
from migrator.serving.settings import ServiceSettings

log = logging.getLogger(__name__)
Rule = tuple[str, type[Any]]


class UnknownPathHandler(ApiHandler):
    """Everything that is no call of this service."""

    def prepare(self) -> None:
        """Say so."""
        raise ApiError(404, "not_found", f"There is no {self.request.path} here.")


class Service:
    """One listening service. `cleanups` run at its end, last added first."""

    def __init__(self, settings: ServiceSettings, *, max_body_size: int = 2**20, chunk_size: int = 2**16) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.stopping = False
        self.port = 0
        self.cleanups: list[Callable[[], Awaitable[None]]] = []
        self._sizes = {"max_body_size": max_body_size, "chunk_size": chunk_size}
        self._application: CountingApplication | None = None
        self._server: HTTPServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.settings.ip}:{self.port}"

    async def start(self, rules: Sequence[Rule], **shared: Any) -> None:
        """Listen; `shared` becomes the handlers' settings."""
        own: list[Rule] = [(r"/healthz", HealthHandler), (r"/metrics", MetricsHandler)]
        self._application = CountingApplication(
            [*own, *rules],
            lifecycle=self,
            metrics=self.metrics,
            default_handler_class=shared.pop("fallback", UnknownPathHandler),
            **shared,
        )
        sockets = bind_sockets(self.settings.port, self.settings.ip)
        self.port = sockets[0].getsockname()[1]
        self._server = HTTPServer(self._application, xheaders=False, **self._sizes)
        self._server.add_sockets(sockets)
        log.info("listening on %s", self.url)

    def background(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run a loop until the end of the service; if it fails it is logged and started again."""
        task = asyncio.create_task(self._forever(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forever(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        while not self.stopping:
            try:
                await work()
            except Exception:
                log.exception("%s failed; it starts again", name)
            await asyncio.sleep(1.0)

    async def stop(self) -> None:
        """Take no more work, let connections finish within the grace, then clean up."""
        self.stopping = True
        if self._server is not None and self._application is not None:
            self._server.stop()
            await self._drained(self._server, self._application)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for cleanup in reversed(self.cleanups):
            await cleanup()
        log.info("stopped")

    async def _drained(self, server: HTTPServer, application: CountingApplication) -> None:
        try:
            await asyncio.wait_for(application.idle(), self.settings.stop_grace_s)
        except TimeoutError:
            log.warning("some calls did not finish within %.0f s", self.settings.stop_grace_s)
        await server.close_all_connections()

    async def run_until_signal(self) -> None:
        """Serve until SIGTERM or SIGINT, then stop."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        await ended.wait()
        await self.stop()

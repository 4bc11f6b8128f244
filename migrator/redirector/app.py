"""Puts a redirector together and starts it."""

from __future__ import annotations

from typing import Any

from tornado.web import RedirectHandler

from migrator.redirector.handler import FrontHandler
from migrator.redirector.launch_handlers import BuildHandler, LinkHandler
from migrator.redirector.proxy_handler import ProxyHandler
from migrator.redirector.resume_handlers import FreshHandler, ResumeHandler
from migrator.redirector.settings import Redirector
from migrator.redirector.state import State
from migrator.serving.service import Service
from migrator.storage.opening import open_store

BADGES = {
    r"/badge_logo\.svg": "https://static.mybinder.org/badge_logo.svg",
    r"/badge\.svg": "https://static.mybinder.org/badge.svg",
    r"/assets/images/badge\.svg": "https://static.mybinder.org/badge.svg",
}


class ActiveHostsHandler(FrontHandler):
    """`/active_hosts`: which members take launches."""

    def get(self) -> None:
        """As mybinder.org's answers."""
        self.write({"active_hosts": {name: host.public for name, host in self.state.health.active().items()}})


async def start(settings: Redirector) -> Service:
    """A running redirector; `stop()` ends it."""
    service = Service(settings)
    store = open_store(settings.store) if settings.sessions else None
    if store is not None:
        service.cleanups.append(store.close)
    state = State.make(settings, store, service.metrics.registry)
    service.cleanups.append(state.close)
    badges: list[Any] = [(path, RedirectHandler, {"url": url, "permanent": True}) for path, url in BADGES.items()]
    rules: list[Any] = [
        (r"/build/.*", BuildHandler),
        (r"/v2/.*", LinkHandler),
        (r"/resume/([^/]+)", ResumeHandler),
        (r"/fresh/.+", FreshHandler),
        (r"/active_hosts", ActiveHostsHandler),
        *badges,
    ]
    await service.start(rules, state=state, fallback=ProxyHandler)
    service.background(state.health.run, "health checks")
    return service

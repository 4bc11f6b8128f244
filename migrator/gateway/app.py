"""Puts a gateway together and starts it."""

from __future__ import annotations

from migrator.gateway.object_handlers import ListHandler, ObjectHandler
from migrator.gateway.session_handlers import AliveHandler, SessionHandler, SnapshotHandler
from migrator.gateway.settings import Gateway
from migrator.gateway.state import State
from migrator.gateway.wish_handlers import CopiesHandler, CopyHandler, MoveHandler, OffersHandler
from migrator.serving.service import Service
from migrator.storage.opening import open_store

FOLDERS = "(packs|manifests|journal)"
ROUTES = [
    (r"/v1/session", SessionHandler),
    (r"/v1/session/alive", AliveHandler),
    (r"/v1/session/snapshot", SnapshotHandler),
    (r"/v1/session/offers", OffersHandler),
    (r"/v1/session/copies", CopiesHandler),
    (r"/v1/session/copies/([^/]+)", CopyHandler),
    (r"/v1/session/move", MoveHandler),
    (rf"/v1/objects/{FOLDERS}/", ListHandler),
    (rf"/v1/objects/{FOLDERS}/([^/]+)", ObjectHandler),
]


async def start(settings: Gateway) -> Service:
    """A running gateway; `stop()` ends it."""
    store = open_store(settings.store)
    # Beyond this a connection is cut without an answer; up to it the sender is told what its limit is.
    service = Service(settings, max_body_size=4 * settings.object_limit)
    service.cleanups.append(store.close)
    await service.start(ROUTES, state=State.make(settings, store, service.metrics.registry))
    return service

"""Puts a controller together and starts it."""

from __future__ import annotations

from migrator.controller import hub_handlers, notice_handlers, peer_handlers, session_handlers
from migrator.controller.cluster import Cluster
from migrator.controller.holding import Holding
from migrator.controller.settings import Controller
from migrator.controller.state import State
from migrator.serving.service import Service
from migrator.storage.opening import open_store

SESSION = "/v1/sessions/([^/]+)"
ROUTES = [
    (r"/v1/launches", hub_handlers.LaunchesHandler),
    (r"/v1/sessions", session_handlers.SessionsHandler),
    (SESSION, session_handlers.SessionHandler),
    (SESSION + "/(move|suspend|resume)", session_handlers.MoveHandler),
    (SESSION + "/offers", session_handlers.OffersHandler),
    (SESSION + "/copies", session_handlers.CopiesHandler),
    (SESSION + "/copies/([^/]+)", session_handlers.CopyHandler),
    (SESSION + "/host", peer_handlers.HostHandler),
    (SESSION + "/pod", peer_handlers.PodHandler),
    (SESSION + "/tend", peer_handlers.TendHandler),
    (r"/v1/notices", notice_handlers.NoticesHandler),
    (r"/v1/stops", hub_handlers.StopsHandler),
    (r"/v1/logouts", hub_handlers.LogoutsHandler),
    (r"/v1/room", peer_handlers.RoomHandler),
]


async def start(settings: Controller) -> Service:
    """A running controller; `stop()` ends it."""
    store = open_store(settings.store)
    holding = Holding(settings.holding_ip, settings.holding_port)
    service = Service(settings)
    service.cleanups += [store.close, holding.stop]
    state = State.make(settings, store, holding, service.metrics.registry)
    service.cleanups.append(state.close)
    await service.start(ROUTES, state=state)
    cluster = Cluster.make(settings, state)
    if cluster is None:
        service.background(state.reconciler.run, "reconciler")
        service.background(state.watcher.run, "watcher")
        service.background(state.retention.run, "retention")
    else:
        service.cleanups.append(cluster.stop)
        service.background(cluster.run, "leader")
        service.background(cluster.keep_up, "records")
        service.background(cluster.watch_ends, "ends of pods")
        service.background(cluster.watch_room, "room")
    return service

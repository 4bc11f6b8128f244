"""Puts a controller together and starts it."""

from __future__ import annotations

from migrator.controller import handlers
from migrator.controller.cluster import Cluster
from migrator.controller.holding import Holding
from migrator.controller.settings import Controller
from migrator.controller.state import State
from migrator.serving.service import Service
from migrator.storage.opening import open_store

SESSION = "/v1/sessions/([^/]+)"
ROUTES = [
    (r"/v1/launches", handlers.LaunchesHandler),
    (r"/v1/sessions", handlers.SessionsHandler),
    (SESSION, handlers.SessionHandler),
    (SESSION + "/(move|suspend|resume)", handlers.MoveHandler),
    (SESSION + "/offers", handlers.OffersHandler),
    (SESSION + "/copies", handlers.CopiesHandler),
    (SESSION + "/copies/([^/]+)", handlers.CopyHandler),
    (SESSION + "/host", handlers.HostHandler),
    (SESSION + "/pod", handlers.PodHandler),
    (SESSION + "/tend", handlers.TendHandler),
    (r"/v1/notices", handlers.NoticesHandler),
    (r"/v1/stops", handlers.StopsHandler),
    (r"/v1/logouts", handlers.LogoutsHandler),
    (r"/v1/room", handlers.RoomHandler),
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

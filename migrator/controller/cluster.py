"""A controller's life in Kubernetes: it leads by a Lease, hears the cluster's warnings, and tells its story on the pods."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from urllib.parse import urlencode

from migrator.controller.headroom import Headroom
from migrator.controller.images import Images
from migrator.controller.leader import Leader
from migrator.controller.settings import Controller
from migrator.controller.state import State
from migrator.notice.event import Notice
from migrator.notice.kubernetes import KubernetesNotices
from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError
from migrator.notice.kubernetes_ends import Ends
from migrator.notice.kubernetes_events import tell
from migrator.notice.kubernetes_pods import SESSION_LABEL, KubernetesObject, for_pod
from migrator.serving.settings import SettingsError
from migrator.session import Record, SessionError
from migrator.storage.errors import StorageError

RETRY_S = 2.0
PATIENCE_S = 60.0
"""How long after its deadline a warning is worth another try: the session then comes back from its last snapshot."""
WARNINGS = {"notice", "failed", "lost"}
log = logging.getLogger(__name__)


class Cluster:
    """The leading controller of a member runs its loops here; the others answer calls and wait."""

    def __init__(self, api: KubernetesApi, settings: Controller, state: State) -> None:
        self._api = api
        self._state = state
        self._pods = f"/api/v1/namespaces/{settings.namespace}/pods"
        self._leader = Leader(api, settings.namespace, settings.lease_name, settings.identity)
        self._settings = settings
        self._leading = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends = Ends(api, settings.namespace, self._seen)
        self._images = Images(api, state.tools, self._ends.pods)
        self._headroom = Headroom(api, settings)
        state.member.ended = self._ends.proved
        state.member.standbys.provide = self._images.provide
        state.member.has_image_here = self._images.is_here
        state.member.room_for = self._headroom.fits
        state.desk.expand = self.expand
        state.index.listeners.append(self.story)

    @classmethod
    def make(cls, settings: Controller, state: State) -> Cluster | None:
        """None where the settings name no namespace: then there is one controller, and it always leads."""
        if not settings.namespace:
            return None
        api = KubernetesApi.in_cluster()
        if api is None:
            raise SettingsError("Controller.namespace is set, but this is no pod with a service account's token")
        return cls(api, settings, state)

    async def run(self) -> None:
        """Until cancelled."""
        await self._leader.run(self._lead)

    async def watch_ends(self) -> None:
        """Each controller does, leading or not: any of them may be asked whether a server's processes have ended."""
        await self._ends.run()

    async def watch_room(self) -> None:
        """Likewise: any of them may be asked for room."""
        await self._headroom.run()

    async def keep_up(self) -> None:
        """Those that wait answer calls too: they have to know the sessions (the leader's reconciler reads them anyway)."""
        while True:
            if not self._leading:
                await self._state.index.refresh()
            await asyncio.sleep(self._settings.reconcile_s)

    async def stop(self) -> None:
        """Let another lead at once."""
        for task in list(self._tasks):
            task.cancel()
        try:
            await self._leader.release()
        except KubernetesError as error:
            log.warning("the lease could not be given up: %s", error)
        await self._api.close()

    async def emit(self, notice: Notice) -> None:
        """Act on a warning, without keeping the watch waiting."""
        self._spawn(self._take(notice), f"notice for session {notice.session}")

    async def expand(self, notice: Notice) -> list[Notice]:
        """A warning for a machine as one for each session on it."""
        query = urlencode({"labelSelector": SESSION_LABEL, "fieldSelector": f"spec.nodeName={notice.machine}"})
        pods = (await self._api.call("GET", f"{self._pods}?{query}"))["items"]
        return [for_pod(pod, notice.cause, notice.deadline, notice.detail) for pod in pods]

    def story(self, before: Record | None, after: Record) -> None:
        """Tell what is new in a session's timeline on its pod."""
        if before is not None and len(after.timeline) > len(before.timeline):
            self._spawn(self._tell(before, after), f"story of session {after.id}")

    async def _seen(self, pod: KubernetesObject) -> None:
        if self._leading:
            self._spawn(self._images.seen(pod), "image of a pod")

    async def _lead(self) -> None:
        notices = KubernetesNotices(self._api, self._settings.namespace, self.emit, hold_s=self._settings.hold_s)
        loops = {
            "reconciler": self._state.reconciler.run,
            "watcher": self._state.watcher.run,
            "retention": self._state.retention.run,
            "warnings": notices.run,
        }
        self._leading = True
        try:
            async with asyncio.TaskGroup() as group:
                for name, loop in loops.items():
                    group.create_task(_forever(loop, name), name=name)
        finally:
            self._leading = False

    async def _take(self, notice: Notice) -> None:
        """Retried while the store is away: a warning is not to be lost by that."""
        end = (notice.deadline or time.time()) + PATIENCE_S
        while True:
            try:
                await self._state.desk.take(notice)
            except (StorageError, SessionError) as error:
                log.warning("a warning for session %s waits: %s", notice.session, error)
                if time.time() > end:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _tell(self, before: Record, after: Record) -> None:
        try:
            pods = await self._pods_of(after.id)
        except KubernetesError as error:
            log.warning("no story of session %s: %s", after.id, error)
            return
        for event in after.timeline[len(before.timeline) :]:
            words = ", ".join(
                f"{key} {value}" for key, value in event.detail.items() if isinstance(value, (str, int, float))
            )
            message = f"session {after.id}: {event.event}" + (f" ({words})" if words else "")
            for pod in pods:
                await tell(
                    self._api,
                    pod,
                    f"Session{event.event.title().replace('-', '')}",
                    message,
                    warning=event.event in WARNINGS,
                )

    async def _pods_of(self, session: str) -> list[KubernetesObject]:
        query = urlencode({"labelSelector": f"{SESSION_LABEL}={session}"})
        found: list[KubernetesObject] = (await self._api.call("GET", f"{self._pods}?{query}"))["items"]
        return found

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: _log_failure(done, name))


async def _forever(work: Callable[[], Awaitable[None]], name: str) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed; it starts again", name)
        await asyncio.sleep(1.0)


def _log_failure(task: asyncio.Task[None], name: str) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("%s failed", name, exc_info=task.exception())

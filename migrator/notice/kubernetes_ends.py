"""Knows which pods' processes have ended, in the words of their kubelets: only then may a successor run at once.

A hub calls a server stopped when its pod's object is gone. After a forced deletion, or when a lost node's pods are cleared away,
the object is gone and the processes may run on.
"""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from migrator.notice.kubernetes_api import KubernetesApi
from migrator.notice.kubernetes_mirror import Mirror, OnChange
from migrator.notice.kubernetes_pods import SESSION_LABEL, KubernetesObject, has_ended, session_of

MOST = 20_000
"""So many ends are remembered. One that was forgotten is no proof any more, and the successor waits for the lease."""

Place = tuple[str, str]  # session, IP address


class Ends:
    """The ends of one namespace's pods since `run` began; `seen` is told of each change of a pod."""

    def __init__(self, api: KubernetesApi, namespace: str, seen: OnChange | None = None) -> None:
        path = f"/api/v1/namespaces/{namespace}/pods"
        self._mirror = Mirror(api, path, self._changed, self._deleted, labelSelector=SESSION_LABEL)
        self._known: dict[Place, bool] = {}
        self._news = asyncio.Event()
        self._seen = seen

    async def run(self) -> None:
        """Watch until cancelled."""
        await self._mirror.run()

    def pods(self, session: str) -> list[KubernetesObject]:
        """The session's pods, as they were last seen."""
        return [pod for pod in self._mirror.objects.values() if session_of(pod) == session]

    async def proved(self, session: str, address: str, limit_s: float = 5.0) -> bool:
        """Whether the processes of a session's pod at `address` (a URL) have ended; news of it is awaited for `limit_s`."""
        place = (session, urlsplit(address).hostname or "")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not self._known.get(place) and not self._is_gone(place):
                    await self._news.wait()
        return self._known.get(place, False)

    def _is_gone(self, place: Place) -> bool:
        """Whether its pod was seen to vanish while it ran: no news of it will come."""
        return place in self._known and place not in {_place(pod) for pod in self._mirror.objects.values()}

    async def _changed(self, pod: KubernetesObject) -> None:
        self._known.pop(_place(pod), None)  # at the end of the line again: the oldest is forgotten first
        self._known[_place(pod)] = has_ended(pod)
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        news, self._news = self._news, asyncio.Event()
        news.set()
        if self._seen is not None:
            await self._seen(pod)

    async def _deleted(self, pod: KubernetesObject) -> None:
        await self._changed(pod)


def _place(pod: KubernetesObject) -> Place:
    return session_of(pod) or "", str((pod.get("status") or {}).get("podIP") or "")

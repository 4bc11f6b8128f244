"""Keeps up with a collection of the Kubernetes API: list once, watch, resume where the watch broke off.

A watch resumed from the last resource version misses nothing and repeats nothing. Only when that version is too old (410) is
everything listed again; what went in between is then told as deleted.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError
from migrator.notice.kubernetes_pods import KubernetesObject

log = logging.getLogger(__name__)

OnChange = Callable[[KubernetesObject], Awaitable[None]]
GONE = 410
LONGEST_PAUSE_S = 15.0


async def _nobody(_: KubernetesObject) -> None:
    """Nobody listens."""


class Mirror:
    """The objects at one path; `changed` and `deleted` are told of each difference, one after the other.

    `keep` says what of an object is kept, in place of all of it; None: nothing.
    """

    def __init__(
        self,
        api: KubernetesApi,
        path: str,
        changed: OnChange = _nobody,
        deleted: OnChange = _nobody,
        *,
        keep: Callable[[KubernetesObject], dict[str, Any] | None] | None = None,
        **selectors: str,
    ) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.synced = asyncio.Event()
        self._api = api
        self._path = path
        self._changed = changed
        self._deleted = deleted
        self._keep = keep
        self._selectors = selectors
        self._version: str | None = None

    async def run(self) -> None:
        """Keep up until cancelled. An API server that is away is waited for."""
        pause = 0.5
        while True:
            try:
                await self._once()
                pause = 0.5
            except KubernetesError as error:
                if error.status == GONE:
                    self._version = None
                    continue
                log.warning("%s: %s; trying again in %.1f s", self._path, error, pause)
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - to spread the replicas, not to hide
                pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _once(self) -> None:
        """List if need be, then watch until the watch runs out."""
        if self._version is None:
            await self._list()
        assert self._version is not None
        async for change in self._api.watch(self._path, self._version, **self._selectors):
            await self._apply(change["type"], change["object"])

    async def _list(self) -> None:
        answer = await self._api.call("GET", f"{self._path}?{urlencode(self._selectors)}")
        found = {item["metadata"]["uid"]: item for item in answer["items"] or []}
        for uid in [uid for uid in self.objects if uid not in found]:
            await self._deleted(self.objects.pop(uid))
        for item in found.values():
            await self._apply("MODIFIED", item)
        self._version = answer["metadata"]["resourceVersion"]
        self.synced.set()

    async def _apply(self, kind: str, item: KubernetesObject) -> None:
        if kind != "BOOKMARK":
            uid = item["metadata"]["uid"]
            if kind == "DELETED":
                self.objects.pop(uid, None)
                await self._deleted(item)
            else:
                self._put(uid, item)
                await self._changed(item)
        self._version = item["metadata"]["resourceVersion"]

    def _put(self, uid: str, item: KubernetesObject) -> None:
        kept = item if self._keep is None else self._keep(item)
        if kept is None:
            self.objects.pop(uid, None)
        else:
            self.objects[uid] = kept

"""Holds evictions of a session's pod back while the session moves, and lets go in time.

The chart's PodDisruptionBudget makes the Eviction API refuse pods with the hold label (HTTP 429; drains and autoscalers try
again), so a drain waits without its pods being hurt. Taking the label away lets the eviction through. It is taken away at the end
of the hold whatever became of the move: no fault of ours may block an operator's drain.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError
from migrator.notice.kubernetes_pods import HOLD_LABEL, KubernetesObject

log = logging.getLogger(__name__)

MERGE = "application/merge-patch+json"
RETRIES = 5


class Holds:
    """The holds under way, one for each threatened pod."""

    def __init__(self, api: KubernetesApi, hold_s: float) -> None:
        self._api = api
        self._hold_s = hold_s
        self._ends: dict[str, asyncio.Task[None]] = {}

    def begin(self, pod: KubernetesObject) -> None:
        """A threat was seen: from now on the pod is held for `hold_s` seconds at most."""
        uid = pod["metadata"]["uid"]
        if uid not in self._ends and HOLD_LABEL in pod["metadata"]["labels"]:
            self._ends[uid] = asyncio.create_task(self._end(pod), name=f"end of the hold of {pod['metadata']['name']}")

    def forget(self, pod: KubernetesObject) -> None:
        """The pod is gone."""
        end = self._ends.pop(pod["metadata"]["uid"], None)
        if end is not None:
            end.cancel()

    async def stop(self) -> None:
        """End the waiting. The holds stay: the next leader sees the same threats and begins anew."""
        ends = list(self._ends.values())
        self._ends.clear()
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)

    async def _end(self, pod: KubernetesObject) -> None:
        await asyncio.sleep(self._hold_s)
        for attempt in range(1, RETRIES + 1):
            try:
                await release(self._api, pod)
            except KubernetesError as error:
                log.warning("cannot let %s go (attempt %d): %s", pod["metadata"]["name"], attempt, error)
                await asyncio.sleep(2.0 * attempt)
            else:
                return


async def release(api: KubernetesApi, pod: KubernetesObject) -> None:
    """Let the pod be evicted.

    Raises:
        KubernetesError.
    """
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{quote(metadata['namespace'])}/pods/{quote(metadata['name'])}"
    await api.call("PATCH", path, {"metadata": {"uid": metadata["uid"], "labels": {HOLD_LABEL: None}}}, kind=MERGE)

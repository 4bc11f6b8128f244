"""Tells the story of a move where operators look for it: as Events on the pod (`kubectl describe pod`).

Type: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (here the core/v1 form, which kubectl shows).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError
from migrator.notice.kubernetes_pods import KubernetesObject

log = logging.getLogger(__name__)
COMPONENT = "session-migrator"


async def tell(api: KubernetesApi, pod: KubernetesObject, reason: str, message: str, *, warning: bool = False) -> None:
    """Add an Event to a pod; a story that cannot be told stops nothing.

    `reason` is one CamelCase word, `message` a sentence for people.
    """
    path = f"/api/v1/namespaces/{quote(pod['metadata']['namespace'])}/events"
    try:
        await api.call("POST", path, _event(pod, reason, message, warning))
    except KubernetesError as error:
        log.warning("no event on %s: %s", pod["metadata"]["name"], error)


def _event(pod: KubernetesObject, reason: str, message: str, warning: bool) -> dict[str, Any]:
    metadata = pod["metadata"]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}."[:58], "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message[:1024],
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
    }

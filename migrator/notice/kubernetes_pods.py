"""What a pod's own state says about its end.

Seen on Kubernetes 1.34: a deletion shows within 0.3 s as `metadata.deletionTimestamp`, which lies the whole grace period
ahead; evictions, taints and the scheduler say so first in the condition `DisruptionTarget`
(https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions); a graceful shutdown of the node shows
on the node alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from migrator.notice.event import Cause, Notice

SESSION_LABEL = "session-migrator/session"
HOLD_LABEL = "session-migrator/hold"
"""Pods with it cannot be evicted: see kubernetes_hold."""
REASONS = {
    "EvictionByEvictionAPI": Cause.EVICTED,
    "DeletionByTaintManager": Cause.TAINTED,
    "PreemptionByScheduler": Cause.PREEMPTED,
    "PreemptionByKubeScheduler": Cause.PREEMPTED,
    "DeletionByPodGC": Cause.LOST,
    "TerminationByKubelet": Cause.SHUTDOWN,
}
DEFAULT_GRACE_S = 30.0
FORCED_S = 2.0
"""What a forced deletion leaves a pod's processes: seen to run 3 s on, of which the news takes a part."""

KubernetesObject = dict[str, Any]


def pod_notice(pod: KubernetesObject, now: float) -> Notice | None:
    """The warning in a pod's state, or None while nothing threatens it."""
    ended = _ended(pod, now)
    if ended is not None:
        return ended
    disruption = _condition(pod, "DisruptionTarget")
    deletion = pod["metadata"].get("deletionTimestamp")
    if deletion is None and disruption is None:
        return None
    if deletion and pod["metadata"].get("deletionGracePeriodSeconds") == 0 and not has_ended(pod):
        return _forced(pod, now)
    deadline = seconds(deletion) if deletion else now + grace(pod)
    if disruption is None:
        return for_pod(pod, Cause.STOPPED, deadline, "the pod was deleted")
    cause = REASONS.get(disruption.get("reason", ""), Cause.EVICTED)
    return for_pod(pod, cause, deadline, disruption.get("message") or disruption.get("reason", ""))


def vanished_notice(pod: KubernetesObject, now: float) -> Notice:
    """The pod's object is gone; its processes may not be, if their end had not been reported."""
    if has_ended(pod):
        return for_pod(pod, Cause.LOST, now, "the pod is gone")
    return _forced(pod, now)


def _forced(pod: KubernetesObject, now: float) -> Notice:
    return for_pod(pod, Cause.FORCED, now + FORCED_S, "the pod was deleted at once, while it ran")


def has_ended(pod: KubernetesObject) -> bool:
    """Whether the pod's kubelet says that all its processes have ended.

    The phase is no proof: the garbage collector sets `Failed` for pods of nodes that nobody has heard of. What became of
    the containers is told by the kubelet alone.
    """
    containers = (pod.get("status") or {}).get("containerStatuses") or []
    return bool(containers) and all("terminated" in (container.get("state") or {}) for container in containers)


def for_pod(pod: KubernetesObject, cause: Cause, deadline: float | None, detail: str) -> Notice:
    """A notice about one pod."""
    return Notice(
        cause,
        deadline,
        detail,
        machine=pod["spec"].get("nodeName"),
        session=session_of(pod),
        address=(pod.get("status") or {}).get("podIP"),
    )


def session_of(pod: KubernetesObject) -> str | None:
    """The session whose server runs in the pod, if any."""
    session: str | None = (pod["metadata"].get("labels") or {}).get(SESSION_LABEL)
    return session


def grace(pod: KubernetesObject) -> float:
    """Seconds between the request to stop and SIGKILL, preStop included."""
    return float(pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S))


def seconds(timestamp: str) -> float:
    """Kubernetes' RFC 3339 text as Unix seconds."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def _ended(pod: KubernetesObject, now: float) -> Notice | None:
    """The pod has run and will not run again (users' pods have restartPolicy Never)."""
    status = pod.get("status") or {}
    if status.get("phase") not in {"Failed", "Succeeded"}:
        return None
    reasons = [
        (container.get("state") or {}).get("terminated", {}).get("reason")
        for container in status.get("containerStatuses") or []
    ]
    if "OOMKilled" in reasons:
        return for_pod(pod, Cause.OUT_OF_MEMORY, now, "the pod used more memory than its limit")
    disruption = _condition(pod, "DisruptionTarget")
    if disruption is not None:
        return for_pod(pod, REASONS.get(disruption.get("reason", ""), Cause.LOST), now, disruption.get("message", ""))
    return for_pod(pod, Cause.STOPPED, now, f"the pod has ended ({status.get('reason') or status['phase']})")


def _condition(pod: KubernetesObject, kind: str) -> dict[str, str] | None:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return next((c for c in conditions if c["type"] == kind and c["status"] == "True"), None)

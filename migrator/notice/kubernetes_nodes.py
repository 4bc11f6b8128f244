"""What a node's state says about the pods on it: taints, cordons, conditions.

Taints of the known terminators, from their own documentation:
AWS node termination handler (https://github.com/aws/aws-node-termination-handler, TAINT_NODE), GKE
(https://github.com/GoogleCloudPlatform/k8s-node-termination-handler), Karpenter (https://karpenter.sh, disruption), cluster-autoscaler,
AKS (node condition VMEventScheduled of its node problem detector).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrator.notice.event import Cause, Notice
from migrator.notice.kubernetes_pods import KubernetesObject, for_pod, grace

Taint = dict[str, Any]

TERMINATORS: dict[str, tuple[Cause, float | None]] = {
    "aws-node-termination-handler/spot-itn": (
        Cause.RECLAIMED,
        110.0,
    ),  # two minutes, less the time until the taint is there
    "aws-node-termination-handler/asg-lifecycle-termination": (Cause.SCALED_DOWN, None),
    "aws-node-termination-handler/scheduled-maintenance": (Cause.MAINTENANCE, None),
    "aws-node-termination-handler/rebalance-recommendation": (Cause.AT_RISK, None),
    "cloud.google.com/impending-node-termination": (Cause.RECLAIMED, 12.0),  # 30 s, of which users' pods get 15
    "karpenter.sh/disrupted": (Cause.SCALED_DOWN, None),
    "karpenter.sh/disruption": (Cause.SCALED_DOWN, None),
    "ToBeDeletedByClusterAutoscaler": (Cause.SCALED_DOWN, None),
}
"""Key -> cause, and the seconds that one still has when the taint appears; None: an eviction with its own grace follows."""

CORDON = "node.kubernetes.io/unschedulable"
UNREACHABLE = {"node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"}
SHUTDOWN_S = 5.0
"""A graceful shutdown was seen to leave pods 8 s whatever their grace; some have gone by when the node's state is read."""


def node_notice(node: KubernetesObject, pod: KubernetesObject, now: float) -> Notice | None:
    """The most pressing warning of a node for one of its pods, or None."""
    found = list(_notices(node, pod, now))
    return min(found, key=lambda notice: notice.deadline or float("inf"), default=None)


def _notices(node: KubernetesObject, pod: KubernetesObject, now: float) -> Iterator[Notice]:
    spec = node.get("spec") or {}
    for taint in spec.get("taints") or []:
        notice = _taint_notice(taint, pod, now)
        if notice is not None:
            yield notice
    if spec.get("unschedulable"):
        yield for_pod(pod, Cause.DRAINED, None, f"node {_name(node)} was cordoned")
    if node["metadata"].get("deletionTimestamp"):
        yield for_pod(pod, Cause.SCALED_DOWN, None, f"node {_name(node)} is being removed")
    for condition in (node.get("status") or {}).get("conditions") or []:
        notice = _condition_notice(condition, pod, now)
        if notice is not None:
            yield notice


def _taint_notice(taint: Taint, pod: KubernetesObject, now: float) -> Notice | None:
    key, detail = taint["key"], f"taint {taint['key']}"
    if key in TERMINATORS:
        cause, left = TERMINATORS[key]
        return for_pod(pod, cause, None if left is None else now + left, detail)
    if taint["effect"] != "NoExecute" or key in UNREACHABLE:  # the node's condition says more about these
        return None
    stays = _tolerated_for(taint, pod)
    return None if stays is None else for_pod(pod, Cause.TAINTED, now + stays + grace(pod), detail)


def _condition_notice(condition: dict[str, str], pod: KubernetesObject, now: float) -> Notice | None:
    kind, status, message = condition["type"], condition["status"], condition.get("message", "")
    if kind == "VMEventScheduled" and status == "True":
        return for_pod(pod, Cause.MAINTENANCE, None, message)
    if kind != "Ready" or status == "True":
        return None
    if status == "False" and "shutting down" in message:
        return for_pod(pod, Cause.SHUTDOWN, now + SHUTDOWN_S, message)
    if status == "Unknown":
        return for_pod(pod, Cause.LOST, now, message or "the node has stopped reporting")
    return None  # not ready for another reason: its pods may well run on, and probes tell


def _tolerated_for(taint: Taint, pod: KubernetesObject) -> float | None:
    """Seconds that the pod may stay on a node with this NoExecute taint; None: for ever."""
    tolerations = _matching(taint, pod["spec"].get("tolerations") or [])
    times = [toleration.get("tolerationSeconds") for toleration in tolerations]
    if not times:
        return 0.0
    finite = [float(time) for time in times if time is not None]
    return min(finite) if finite else None


def tolerates(tolerations: Iterable[dict[str, Any]], taint: Taint) -> bool:
    """Whether a pod with these tolerations may be scheduled in spite of a taint."""
    return any(_matching(taint, tolerations))


def _matching(taint: Taint, tolerations: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those that concern the taint.

    Rules: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
    """
    for toleration in tolerations:
        if toleration.get("effect") not in {None, "", taint["effect"]}:
            continue
        if toleration.get("operator") == "Exists":
            if toleration.get("key") in {None, "", taint["key"]}:
                yield toleration
        elif toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""):
            yield toleration


def _name(node: KubernetesObject) -> str:
    return str(node["metadata"]["name"])

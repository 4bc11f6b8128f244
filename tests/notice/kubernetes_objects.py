"""Pods and nodes as the API shows them, as small as the rules under test allow."""

from __future__ import annotations

from typing import Any

NOW = 1_700_000_000.0
LATER = "2023-11-14T22:14:20Z"  # NOW + 60


def pod(**status: Any) -> dict[str, Any]:
    """A running pod of a session with 30 s of grace."""
    return {
        "metadata": {
            "name": "jupyter-x",
            "namespace": "jupyter",
            "uid": "u1",
            "labels": {"session-migrator/session": "session-one", "session-migrator/hold": "true"},
        },
        "spec": {"nodeName": "a2", "terminationGracePeriodSeconds": 30, "tolerations": []},
        "status": {"phase": "Running", "podIP": "10.0.0.9", **status},
    }


def disrupted(reason: str) -> list[dict[str, str]]:
    """The conditions of a pod that is to go."""
    return [{"type": "DisruptionTarget", "status": "True", "reason": reason, "message": f"because of {reason}"}]


def node(*taints: dict[str, str], **spec: Any) -> dict[str, Any]:
    """A node with these taints."""
    return {
        "metadata": {"name": "a2", "uid": "n1"},
        "spec": {"taints": list(taints), **spec},
        "status": {"conditions": []},
    }


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> dict[str, str]:
    """One taint."""
    return {"key": key, "effect": effect, "value": value}

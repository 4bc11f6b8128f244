"""Small pods that look like sessions, for what depends on Kubernetes alone."""

from __future__ import annotations

import json

from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.plan import NODES, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import write


def start_pod(
    cluster: ClusterPlan,
    namespace: str,
    session: str,
    *,
    node: NodePlan = NODES["a2"],
    grace: int = 5,
    labels: dict[str, str] | None = None,
) -> str:
    """A pod of that session on a node, running; its name."""
    name = f"jupyter-{session}"
    sleeper = "trap 'exit 0' TERM; while :; do sleep 0.2; done"
    container = {
        "name": "server",
        "image": image_name("user"),
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", sleeper],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"session-migrator/session": session, **(labels or {})},
        },
        "spec": {
            "terminationGracePeriodSeconds": grace,
            "restartPolicy": "Never",
            "nodeSelector": {"kubernetes.io/hostname": node.name},
            "automountServiceAccountToken": False,
            "containers": [container],
        },
    }
    kubectl(cluster, "apply", "-f", write(cluster.folder / f"{name}.json", json.dumps(pod)))
    kubectl(cluster, "wait", "-n", namespace, f"pod/{name}", "--for=condition=Ready", "--timeout=120s")
    return name

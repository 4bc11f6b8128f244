"""Read by JupyterHub's configuration (load_subconfig): each user pod that starts gets its session, and the extension.

The pod is changed last of all, when profiles and other hooks have had their say, so that nothing overrides the injection.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path("/etc/session-migrator")
HOME = "/opt/session-migrator"  # where the extension lies in a user's pod
VOLUME = "session-migrator"
PATHS = {"JUPYTER_CONFIG_PATH": f"{HOME}/jupyter", "JUPYTER_PATH": f"{HOME}/share/jupyter"}

sys.path.insert(0, str(FOLDER))
from hub_hook import session_hook  # noqa: E402 - it lies beside this file

settings = json.loads((FOLDER / "hub.json").read_text())
c = get_config()  # noqa: F821 - given by traitlets
before = c.KubeSpawner.modify_pod_hook


def init_container() -> dict[str, Any]:
    """Copies the extension into the pod's volume; under the same restrictions as the user's container."""
    return {
        "name": "session-migrator",
        "image": settings["injector"],
        "imagePullPolicy": settings["pullPolicy"],
        "args": [HOME],
        "command": ["sh", "/inject.sh"],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": VOLUME, "mountPath": HOME}],
    }


def environment(variables: list[Any]) -> list[Any]:
    """The container's variables with our folders added to what Jupyter searches."""
    for name, path in PATHS.items():
        found = [variable for variable in variables if variable.name == name]
        if found:
            found[0].value = f"{found[0].value}:{path}"
        else:
            variables.append({"name": name, "value": path})
    return variables


async def modify_pod(spawner: Any, pod: Any) -> Any:
    """A pod with a session gets the extension, the time to save it, and the hold against evictions."""
    if callable(before):
        changed = before(spawner, pod)
        pod = await changed if inspect.isawaitable(changed) else changed
    server = pod.spec.containers[0]
    if not any(variable.name == "MIGRATOR_SESSION_ID" for variable in server.env or []):
        return pod  # the controller was away when it started: it runs unprotected
    pod.spec.init_containers = [init_container(), *(pod.spec.init_containers or [])]
    pod.spec.volumes = [*(pod.spec.volumes or []), {"name": VOLUME, "emptyDir": {"sizeLimit": "512Mi"}}]
    server.volume_mounts = [*(server.volume_mounts or []), {"name": VOLUME, "mountPath": HOME, "readOnly": True}]
    server.env = environment(server.env)
    grace = pod.spec.termination_grace_period_seconds or 0
    pod.spec.termination_grace_period_seconds = max(grace, settings["graceS"])
    session = next(variable.value for variable in server.env if getattr(variable, "name", "") == "MIGRATOR_SESSION_ID")
    pod.metadata.labels["session-migrator/session"] = session
    if settings["hold"]:
        pod.metadata.labels["session-migrator/hold"] = "true"
    return pod


c.KubeSpawner.pre_spawn_hook = session_hook(
    settings["controller"], str(FOLDER / "secret"), c.KubeSpawner.pre_spawn_hook
)
c.KubeSpawner.modify_pod_hook = modify_pod
c.KubeSpawner.delete_grace_period = settings["graceS"]

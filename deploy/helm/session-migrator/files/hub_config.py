"""Read by JupyterHub's configuration (load_subconfig): each user pod that starts gets its session, and the extension.

The pod is changed last of all, when profiles and other hooks have had their say, so that nothing overrides the injection.
"""

import copy
import inspect
import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path("/etc/session-migrator")
HOME = "/opt/session-migrator"  # where the extension lies in a user's pod
VOLUME = "session-migrator"
IMAGE = "MIGRATOR_IMAGE"  # of a standby: the digest of its session's image
GRACE = "MIGRATOR_GRACE_S"  # how long the pod has for its last snapshot, as the extension cannot read it anywhere
PATHS = {"JUPYTER_CONFIG_PATH": f"{HOME}/jupyter", "JUPYTER_PATH": f"{HOME}/share/jupyter"}

sys.path.insert(0, str(FOLDER))
from hub_home import listing_authenticator  # noqa: E402 - it lies beside this file
from hub_hook import session_hook  # noqa: E402
from hub_logout import telling_authenticator  # noqa: E402
from hub_proxy import patient_proxy  # noqa: E402

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


def name_of(variable: Any) -> str:
    """KubeSpawner mixes its own objects with dictionaries."""
    return str(variable["name"] if isinstance(variable, dict) else variable.name)


def value_of(variable: Any) -> str:
    """Empty where it comes from elsewhere (valueFrom)."""
    return str((variable.get("value") if isinstance(variable, dict) else variable.value) or "")


def environment(variables: list[Any], grace: int) -> list[Any]:
    """The container's variables with our folders added to what Jupyter searches, and the pod's grace in seconds."""
    known = {name_of(variable): value_of(variable) for variable in variables}
    others = [variable for variable in variables if name_of(variable) not in {*PATHS, IMAGE, GRACE}]
    return [
        *others,
        *({"name": name, "value": ":".join(filter(None, [known.get(name), path]))} for name, path in PATHS.items()),
        {"name": GRACE, "value": str(grace)},
    ]


def inject(pod: Any, session: str, image: str | None) -> Any:
    """The extension, the time to save the session, the hold against evictions; of a standby, its session's very image."""
    server = pod.spec.containers[0]
    server.image = image or server.image
    pod.spec.init_containers = [init_container(), *(pod.spec.init_containers or [])]
    pod.spec.volumes = [*(pod.spec.volumes or []), {"name": VOLUME, "emptyDir": {"sizeLimit": "512Mi"}}]
    server.volume_mounts = [*(server.volume_mounts or []), {"name": VOLUME, "mountPath": HOME, "readOnly": True}]
    grace = max(pod.spec.termination_grace_period_seconds or 0, settings["graceS"])
    pod.spec.termination_grace_period_seconds = grace
    server.env = environment(server.env or [], grace)
    pod.metadata.labels["session-migrator/session"] = session
    if settings["hold"]:
        pod.metadata.labels["session-migrator/hold"] = "true"
    return pod


async def modify_pod(spawner: Any, pod: Any) -> Any:
    """A server without a session (the controller was away when it started) runs unprotected, and so it does if this fails."""
    if callable(before):
        changed = before(spawner, pod)
        pod = await changed if inspect.isawaitable(changed) else changed
    session = spawner.environment.get("MIGRATOR_SESSION_ID")
    if not session:
        return pod
    try:
        return inject(copy.deepcopy(pod), session, spawner.environment.get(IMAGE))
    except Exception:
        if (spawner.user_options or {}).get("migrator"):
            raise  # a standby without its session is of no use to anybody
        spawner.log.exception("%s starts without protection", spawner._log_name)
        return pod


c.KubeSpawner.pre_spawn_hook = session_hook(
    settings["controller"], str(FOLDER / "secret"), c.KubeSpawner.pre_spawn_hook
)
c.KubeSpawner.modify_pod_hook = modify_pod
if "proxy_class" not in c.JupyterHub:  # another kind of proxy has routes that we do not know how to hold
    c.JupyterHub.proxy_class = patient_proxy(settings["controller"], str(FOLDER / "secret"))
if "authenticator_class" in c.JupyterHub and c.JupyterHub.authenticator_class != "null":
    for wrapped in (telling_authenticator, listing_authenticator):
        c.JupyterHub.authenticator_class = wrapped(
            settings["controller"], str(FOLDER / "secret"), c.JupyterHub.authenticator_class
        )
c.KubeSpawner.delete_grace_period = settings["graceS"]
# A machine that goes makes an API server busy. What KubeSpawner gives up after its 3 s is done all the same, and it then kills the pod
# that it finds as a stranger, which may have become a session's new home.
for name, seconds in {"k8s_api_request_timeout": 15, "k8s_api_request_retry_timeout": 90}.items():
    if name not in c.KubeSpawner:
        setattr(c.KubeSpawner, name, seconds)

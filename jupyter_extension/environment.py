"""What the launcher put into the pod's environment, taken out of it before kernels and terminals could inherit it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import MutableMapping

from jupyter_extension.errors import BadSetup

SESSION_ID = re.compile(r"[a-z0-9][a-z0-9-]{7,62}")
SECRETS = ("MIGRATOR_SESSION_TOKEN", "MIGRATOR_CONTROL_TOKEN")
RESUME_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class PodEnvironment:
    """Where the gateway is, and the tokens of this pod's one session."""

    gateway_url: str
    session: str
    session_token: str
    control_token: str
    member: str
    resume_url: str = ""
    """Brings the session back when it was put away; whoever has it may. Empty where the federation has no front door."""
    grace_s: float | None = None
    """Between SIGTERM and SIGKILL, in seconds; None where nobody says."""


def take_environment(environ: MutableMapping[str, str]) -> PodEnvironment | None:
    """Read and remove the `MIGRATOR_*` variables; None if this pod has no gateway. Raises BadSetup if they are incomplete."""
    gateway_url = environ.pop("MIGRATOR_GATEWAY_URL", "")
    session = environ.pop("MIGRATOR_SESSION_ID", "")
    session_token, control_token = (environ.pop(name, "") for name in SECRETS)
    member = environ.pop("MIGRATOR_MEMBER", "")
    resume_url = environ.pop("MIGRATOR_RESUME_URL", "")
    grace = environ.pop("MIGRATOR_GRACE_S", "")
    if not gateway_url:
        return None
    if not session_token or not control_token:
        raise BadSetup(
            "MIGRATOR_GATEWAY_URL is set without MIGRATOR_SESSION_TOKEN and MIGRATOR_CONTROL_TOKEN: set all of them"
        )
    if not SESSION_ID.fullmatch(session):
        raise BadSetup(f"MIGRATOR_SESSION_ID {session!r} is not a session id ({SESSION_ID.pattern})")
    if resume_url and not RESUME_URL.fullmatch(resume_url):
        raise BadSetup(f"MIGRATOR_RESUME_URL {resume_url!r} is no URL; see the controller's redirector_url")
    return PodEnvironment(
        gateway_url.rstrip("/"), session, session_token, control_token, member, resume_url, _seconds(grace)
    )


def _seconds(grace: str) -> float | None:
    if not grace:
        return None
    try:
        return float(grace)
    except ValueError as error:
        raise BadSetup(f"MIGRATOR_GRACE_S {grace!r} is no number of seconds") from error

"""What the demo tells a member's hub, in one JSON file named by an environment variable."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "MIGRATOR_DEMO_HUB"


@dataclass(frozen=True)
class HubSettings:
    """Ports are on loopback, paths absolute."""

    demo: str
    member: str
    public_port: int
    hub_port: int
    proxy_api_url: str
    proxy_token: str
    tokens: dict[str, str]
    """Service name -> API token: `binder` launches as BinderHub does, `migrator` is the controller."""
    folder: str
    """The member's own: database, secrets, its machine's disk."""
    home: str
    """Where each user server sees its home."""
    tmp: str
    """Where each user server sees its temporary files; short, since sockets lie there."""
    sample: str
    """The repository that every session starts with."""
    machine_file: str
    """Holds the mark of the machine that runs now; absent while there is none."""
    controller_url: str
    federation_secret_file: str
    jupyter: str
    """A folder for the user servers' search paths, with the front end and configuration."""

    def write(self, path: Path) -> None:
        """For the owner's eyes only, since it holds tokens."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=1))


def load() -> HubSettings:
    """The settings of the hub that this process is."""
    return HubSettings(**json.loads(Path(os.environ[VARIABLE]).read_text()))

"""What a demo will look like, decided before anything starts: places, ports, secrets."""

from __future__ import annotations

import json
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import jupyter_extension
from migrator.demo import marks
from migrator.demo.ports import PortBlock

MEMBERS = ("a", "b")
NO_NEWS = {"@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}}
FRONT_END = Path(jupyter_extension.__file__).parent / "labextension"


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@dataclass(frozen=True)
class MemberPlan:
    """One member: its folder, its ports on loopback, its secrets."""

    name: str
    folder: Path
    public_port: int
    proxy_api_port: int
    proxy_metrics_port: int
    hub_port: int
    binderhub_port: int
    gateway_port: int
    controller_port: int
    proxy_token: str = field(repr=False)
    binder_token: str = field(repr=False)
    migrator_token: str = field(repr=False)

    @property
    def public_url(self) -> str:
        """Where browsers find its sessions."""
        return _local(self.public_port)

    @property
    def binderhub_url(self) -> str:
        """Where the redirector finds its BinderHub."""
        return _local(self.binderhub_port)

    @property
    def controller_url(self) -> str:
        """Where its hub, the redirector and the other controllers find its controller."""
        return _local(self.controller_port)

    @property
    def gateway_url(self) -> str:
        """Where its pods find their gateway."""
        return _local(self.gateway_port)

    @property
    def hub_api_url(self) -> str:
        """The hub's API, on the side of the hub where no proxy stands."""
        return f"{_local(self.hub_port)}/hub/api"

    @property
    def proxy_api_url(self) -> str:
        """Where the proxy's routes are set."""
        return _local(self.proxy_api_port)

    def secret_file(self, name: str, value: str) -> str:
        """Write a secret for a service to read; the file's path."""
        return write_secret(self.folder / name, value)


@dataclass(frozen=True)
class Options:
    """What the caller may choose."""

    port: int | None = None
    """The redirector's; chosen if None."""
    replacement_s: float = 20
    """Seconds for which a member has no machine after one was killed."""


@dataclass(frozen=True)
class Plan:
    """The whole demo. `folder` exists and is empty, private to the user."""

    id: str
    folder: Path
    options: Options
    members: tuple[MemberPlan, ...]
    redirector_port: int
    status_port: int
    status_token: str = field(repr=False)
    secret: str = field(repr=False)
    secret_file: str
    """Holds `secret`, which the federation's services share."""
    home: Path
    """Where each user server sees its home."""
    tmp: Path
    """Where each user server sees its temporary files; outside `folder`, since the paths of sockets must be short."""
    jupyter: Path
    """Jupyter's search path for the user servers: `labextensions` with the front end, and configuration."""

    @property
    def env(self) -> dict[str, str]:
        """The mark of everything that this demo starts."""
        return {marks.DEMO: self.id}

    @property
    def redirector_url(self) -> str:
        """The federation's front door."""
        return _local(self.redirector_port)

    @property
    def status_url(self) -> str:
        """The demo's own page."""
        return _local(self.status_port)


def make(folder: Path, ports: PortBlock, options: Options) -> Plan:
    """Choose everything; makes the folders and writes the federation's secret."""
    home = folder / "home" / "jovyan"
    home.mkdir(parents=True)
    secret = secrets.token_hex(32)
    return Plan(
        id=secrets.token_hex(8),
        folder=folder,
        options=options,
        members=tuple(_member(name, folder, ports) for name in MEMBERS),
        redirector_port=options.port or ports.take(),
        status_port=ports.take(),
        status_token=secrets.token_urlsafe(24),
        secret=secret,
        secret_file=write_secret(folder / "federation-secret", secret),
        home=home,
        tmp=Path(tempfile.mkdtemp(prefix="migrator-demo-")),
        jupyter=_jupyter(folder / "jupyter"),
    )


def _jupyter(folder: Path) -> Path:
    (folder / "labextensions").mkdir(parents=True)
    (folder / "labextensions/session-migrator").symlink_to(FRONT_END)
    (folder / "labconfig").mkdir()
    (folder / "labconfig/default_setting_overrides.json").write_text(json.dumps(NO_NEWS))
    return folder


def _member(name: str, folder: Path, ports: PortBlock) -> MemberPlan:
    own = folder / "members" / name
    own.mkdir(parents=True)
    return MemberPlan(
        name=name,
        folder=own,
        public_port=ports.take(),
        proxy_api_port=ports.take(),
        proxy_metrics_port=ports.take(),
        hub_port=ports.take(),
        binderhub_port=ports.take(),
        gateway_port=ports.take(),
        controller_port=ports.take(),
        proxy_token=secrets.token_hex(32),
        binder_token=secrets.token_hex(32),
        migrator_token=secrets.token_hex(32),
    )


def write_secret(path: Path, value: str) -> str:
    """Write `value` for the owner's eyes only; the file's path."""
    path.touch(mode=0o600)
    path.write_text(value)
    return str(path)

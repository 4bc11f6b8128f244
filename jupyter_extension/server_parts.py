"""The parts of the Jupyter server that we work with, gathered once."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class ServerParts:
    """Managers and addresses of the server we live in."""

    managers: Any
    sessions: Any
    web_app: Any
    base_url: str
    root: str
    home: str
    port: int
    ip: str

    @classmethod
    def of(cls, app: Any) -> ServerParts:
        """Read them from a ServerApp."""
        return cls(
            managers=app.kernel_manager,
            sessions=app.session_manager,
            web_app=app.web_app,
            base_url=app.base_url,
            root=app.root_dir,
            home=str(Path.home()),
            port=int(app.port),
            ip=app.ip,
        )

    @property
    def terminals(self) -> Any:
        """The terminal manager, or None; its extension may be loaded after ours."""
        return self.web_app.settings.get("terminal_manager")

    def address(self, gateway_url: str) -> str:
        """Where the controller reaches this server: our address on the way to the gateway, if we listen on all."""
        ip = self.ip if self.ip not in ("", "*", "0.0.0.0", "::", "localhost") else _own_ip(gateway_url)  # noqa: S104 - compared, not bound
        return f"http://{f'[{ip}]' if ':' in ip else ip}:{self.port}"


def _own_ip(gateway_url: str) -> str:
    """The address that packets to the gateway would carry; none is sent."""
    parts = urlsplit(gateway_url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)[0]
        with socket.socket(found[0], socket.SOCK_DGRAM) as probe:
            probe.connect(found[4])
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"

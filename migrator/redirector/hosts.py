"""The members as the redirector's settings describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from migrator.serving.settings import SettingsError


@dataclass(frozen=True)
class Host:
    """One member. `hub` is the public URL of its JupyterHub, empty if it has to be learned."""

    name: str
    url: str
    weight: float
    prime: bool
    health: str
    versions: str
    controller: str
    hub: str

    @property
    def public(self) -> dict[str, Any]:
        """What `/active_hosts` tells of it."""
        return {key: getattr(self, key) for key in ("url", "weight", "prime", "health", "versions")}


def read_hosts(entries: dict[str, Any]) -> dict[str, Host]:
    """The hosts by name, those with no weight or no entry left out; exactly one is prime.

    Raises:
        SettingsError: no host at all, or one without a URL.
    """
    hosts = {name: _host(name, entry) for name, entry in entries.items() if entry and entry.get("weight", 1)}
    if not hosts:
        raise SettingsError("Redirector.hosts names no member with a weight")
    primes = [host for host in hosts.values() if host.prime] or list(hosts.values())
    prime = max(primes, key=lambda host: host.weight)
    return {name: _with_prime(host, host is prime) for name, host in hosts.items()}


def _host(name: str, entry: dict[str, Any]) -> Host:
    url = str(entry.get("url") or "").rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError(f"Redirector.hosts: member {name} needs an http(s) `url`")
    return Host(
        name,
        url,
        float(entry.get("weight", 1)),
        bool(entry.get("prime")),
        str(entry.get("health") or f"{url}/health"),
        str(entry.get("versions") or f"{url}/versions"),
        str(entry.get("controller") or "").rstrip("/"),
        str(entry.get("hub") or "").rstrip("/"),
    )


def _with_prime(host: Host, prime: bool) -> Host:
    return Host(host.name, host.url, host.weight, prime, host.health, host.versions, host.controller, host.hub)

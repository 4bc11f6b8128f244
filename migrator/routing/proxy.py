"""A client of configurable-http-proxy's REST API.

Protocol: https://github.com/jupyterhub/configurable-http-proxy/blob/main/doc/rest-api.yml. JupyterHub marks its own routes
with `jupyterhub: true` and neither deletes nor counts any other; ours carry `migrator: {...}` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from migrator.routing.errors import ProxyDenied, ProxyUnavailable, RoutingError
from migrator.serving.client import Refused, ServiceClient, ServiceError

MARK = "migrator"


@dataclass(frozen=True)
class Route:
    """`path` has no slash at its end; `session` is set on our own routes only."""

    path: str
    target: str
    session: str | None
    hub: bool


class Proxy:
    """The routes of one proxy."""

    def __init__(self, url: str, token: str) -> None:
        self._client = ServiceClient(url, f"token {token}")

    async def routes(self) -> dict[str, Route]:
        """All routes by path."""
        data = await self._call("GET", "/api/routes")
        return {path.rstrip("/") or "/": _route(path, entry) for path, entry in data.items()}

    async def add(self, path: str, target: str, session: str) -> None:
        """Set a route of ours; one that is there is replaced, whoever made it."""
        await self._call("POST", _api(path), {"target": target.rstrip("/"), MARK: {"session": session}})

    async def delete(self, path: str) -> None:
        """Remove a route; one that is not there is no error."""
        await self._call("DELETE", _api(path))

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return (await self._client.call(method, path, body, timeout=5.0)).data
        except Refused as error:
            if error.status == 404 and method == "DELETE":
                return None
            if error.status in {401, 403}:
                raise ProxyDenied(f"the proxy at {self._client.url} refuses our token; see proxy_token_file") from error
            raise RoutingError(str(error)) from error
        except ServiceError as error:
            raise ProxyUnavailable(f"the proxy's API does not answer: {error}") from error


def _api(path: str) -> str:
    return "/api/routes" + quote(path, safe="/@~%")


def _route(path: str, entry: dict[str, Any]) -> Route:
    mark = entry.get(MARK)
    session = mark.get("session") if isinstance(mark, dict) else None
    return Route(path.rstrip("/") or "/", str(entry.get("target", "")), session, bool(entry.get("jupyterhub")))

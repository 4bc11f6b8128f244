"""Starts and stops servers through JupyterHub's REST API, as BinderHub does.

Protocol: https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html. Token scopes: `admin:users`, `admin:servers`.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from migrator.launch.errors import (
    AlreadyRunning,
    HubDenied,
    HubUnavailable,
    LaunchError,
    LaunchTimeout,
    NoRoom,
    SpawnFailed,
)
from migrator.launch.progress import follow_progress
from migrator.serving.client import NoAnswer, Refused, ServiceClient, ServiceError
from migrator.serving.pace import Pace

POLL_S = 0.2


@dataclass(frozen=True)
class Server:
    """A user's server as the hub sees it; `pending` is `spawn`, `stop` or None."""

    path: str
    ready: bool
    pending: str | None
    user_options: dict[str, Any]


class Hub:
    """One JupyterHub; `url` ends in `/hub/api`. A server's `name` is empty for the user's default server."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._client = ServiceClient(self._url, f"token {token}")

    async def start(self, user: str, user_options: dict[str, Any], limit_s: float, name: str = "") -> Server:
        """Make the user if need be, start the server, and wait until it is ready.

        Raises:
            AlreadyRunning, NoRoom, SpawnFailed, LaunchTimeout, HubDenied, HubUnavailable.
        """
        try:
            async with asyncio.timeout(limit_s + 5):  # the calls inside end by themselves, and tidily, before this does
                await self._make_user(user)
                await self._call("POST", _server_path(user, name), user_options, timeout=limit_s)
                await follow_progress(self._url + _server_path(user, name), self._token, limit_s)
        except TimeoutError as error:
            raise LaunchTimeout(f"the server of {user} was not ready within {limit_s:.0f} s") from error
        server = await self.server(user, name)
        if server is None or not server.ready:
            raise SpawnFailed(f"the hub says that the server of {user} did not become ready")
        return server

    async def stop(self, user: str, limit_s: float, name: str = "") -> None:
        """Stop the server and wait until the hub says that it is gone; none is no error.

        Raises:
            LaunchTimeout, HubDenied, HubUnavailable.
        """
        try:
            pace = Pace(POLL_S)
            async with asyncio.timeout(limit_s):
                while (server := await self.server(user, name)) is not None:
                    if server.pending != "stop":
                        await self._request_stop(user, limit_s, name)
                    await pace.pause()
        except TimeoutError as error:
            raise LaunchTimeout(f"the server of {user} was not gone within {limit_s:.0f} s") from error

    async def server(self, user: str, name: str = "") -> Server | None:
        """The user's server of that name; None if it does not run (or the user is unknown)."""
        try:
            data = await self._call("GET", _path(user))
        except SpawnFailed:
            return None
        entry = (data.get("servers") or {}).get(name)
        if not entry or entry.get("stopped"):
            return None
        return Server(
            str(entry.get("url", "")), bool(entry.get("ready")), entry.get("pending"), entry.get("user_options") or {}
        )

    async def delete_user(self, user: str) -> None:
        """Remove the user; an unknown one is no error."""
        try:
            await self._call("DELETE", _path(user))
        except SpawnFailed:
            return

    async def check(self) -> None:
        """Answers if the hub is there and our token counts.

        Raises:
            HubDenied, HubUnavailable.
        """
        await self._call("GET", "/user")

    async def _make_user(self, user: str) -> None:
        try:
            await self._call("POST", _path(user))
        except AlreadyRunning:
            return

    async def _request_stop(self, user: str, limit_s: float, name: str) -> None:
        try:
            await self._call("DELETE", _server_path(user, name), timeout=limit_s)
        except (AlreadyRunning, SpawnFailed):
            return  # it is starting, stopping or gone: the next look decides

    async def _call(self, method: str, path: str, body: Any = None, *, timeout: float = 10.0) -> Any:
        try:
            return (await self._client.call(method, path, body, timeout=timeout)).data
        except Refused as error:
            raise _meaning(error) from error
        except NoAnswer as error:
            raise LaunchTimeout(f"the hub took too long: {error}") from error
        except ServiceError as error:
            raise HubUnavailable(f"the hub does not answer: {error}") from error


def _path(user: str) -> str:
    return f"/users/{quote(user, safe='@~')}"


def _server_path(user: str, name: str) -> str:
    return f"{_path(user)}/servers/{quote(name, safe='')}" if name else f"{_path(user)}/server"


def _meaning(error: Refused) -> LaunchError:
    """The hub's status as an error of ours; statuses as JupyterHub 6 gives them."""
    text = str(error)
    if error.status in {401, 403}:
        return HubDenied(f"the hub's token is wrong or lacks the scopes admin:users, admin:servers ({text})")
    if error.status == 429 or (error.status in {400, 403} and re.search(r"limit|named servers", text, re.IGNORECASE)):
        return NoRoom(text)
    if error.status in {400, 409}:
        return AlreadyRunning(text)
    if error.status >= 500 and error.status != 500:
        return HubUnavailable(text)
    return SpawnFailed(text)

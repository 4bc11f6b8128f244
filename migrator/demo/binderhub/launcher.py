"""Launches as BinderHub does: a new random user at the hub, and a server with a token of its own for it."""

from __future__ import annotations

import json
import logging
import secrets
import string
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

log = logging.getLogger(__name__)

_SUFFIX = string.ascii_lowercase + string.digits
_LAUNCH_LIMIT_S = 600.0


class LaunchError(Exception):
    """The hub did not start the server; the text is for the person who waits. Another launch may work."""


class Launcher:
    """Talks to one hub: `api` ends in /hub/api, `public` is the URL that browsers see, both without a final slash."""

    def __init__(self, api: str, public: str, token: str) -> None:
        self._api = api
        self._public = public
        self._headers = {"Authorization": f"token {token}"}

    async def launch(
        self, image: str, repo_url: str, extra: dict[str, str], tell: Callable[[str], Any]
    ) -> dict[str, str]:
        """Start a server for a new user; `tell(message)` hears of its progress.

        Returns `{"url", "token", "image", "repo_url"}`, the URL with a final slash. Raises `LaunchError`.
        """
        user, token = user_name(repo_url), secrets.token_urlsafe(16)
        options = {"image": image, "repo_url": repo_url, "token": token, **extra}
        await self._expect("POST", f"users/{user}", {}, (201,))
        await self._expect("POST", f"users/{user}/servers/", options, (201, 202))
        async for event in self._progress(user):
            if event.get("failed"):
                raise LaunchError(event.get("message", "the server did not start"))
            tell(event.get("message", ""))
        return {"url": f"{self._public}/user/{user}/", "token": token, "image": image, "repo_url": repo_url}

    async def servers(self) -> int:
        """How many servers run or are starting; raises OSError or `LaunchError` if the hub does not say."""
        response = await self._request("GET", "users?state=active")
        if response.code != 200:
            raise LaunchError(f"the hub answers {response.code}")
        return len(json.loads(response.body))

    async def _expect(self, method: str, path: str, body: dict[str, str], good: tuple[int, ...]) -> None:
        response = await self._request(method, path, body)
        if response.code not in good:
            log.error("%s %s: %d %s", method, path, response.code, response.body.decode(errors="replace"))
            raise LaunchError(f"the hub answered {response.code} to {method} {path.split('/', 1)[0]}")

    async def _request(self, method: str, path: str, body: dict[str, str] | None = None) -> HTTPResponse:
        request = HTTPRequest(
            f"{self._api}/{path}",
            method=method,
            headers=self._headers,
            body=None if body is None else json.dumps(body),
            request_timeout=_LAUNCH_LIMIT_S,
        )
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def _progress(self, user: str) -> AsyncIterator[dict[str, Any]]:
        """The hub's progress events; the stream ends with the start, or with the failure, of the server."""
        response = await self._request("GET", f"users/{user}/server/progress")
        if response.code != 200:
            raise LaunchError(f"the hub answered {response.code} when asked for the progress")
        for line in response.body.decode().splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def user_name(repo_url: str) -> str:
    """A new name: the repository's, shortened, and eight random characters."""
    name = urlsplit(repo_url).path.strip("/").removesuffix(".git").replace("/", "-").lower()
    if len(name) > 32:
        name = f"{name[:15]}-{name[-15:]}"
    return f"{name}-{''.join(secrets.choice(_SUFFIX) for _ in range(8))}"

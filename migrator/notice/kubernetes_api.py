"""The few calls of the Kubernetes API that the controller makes, as JSON, on its own event loop.

The official client does the talking (addresses, certificates, tokens that are renewed); its classes for Kubernetes' types are
left aside, since what is read here is a handful of fields, and what is written back must be whole, fields that an older
client has no name for included. Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/ (watches, resource
versions, bookmarks).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTResponse

CALL_S = 20
WATCH_S = 60
"""Seconds after which a watch is renewed: also the longest that a dead connection can go unnoticed."""
NO_ANSWER = (ClientError, TimeoutError, OSError, ValueError)
"""What the client raises when the API server is away, or ends an answer in the middle."""


class KubernetesError(Exception):
    """The API said no, or nothing. `status` is 0 when it did not answer; then, and from 500 on, trying again helps."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class KubernetesApi:
    """One cluster's API server; `close` it in the end."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._client: ApiClient | None = None

    @classmethod
    def in_cluster(cls) -> KubernetesApi | None:
        """The API of the cluster that this process runs in a pod of, as its service account; None outside."""
        configuration = Configuration()
        try:
            config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException:
            return None
        return cls(configuration)

    async def call(self, method: str, path: str, body: Any = None, *, kind: str = "application/json") -> Any:
        """One call; `kind` is the content type of the body (patches have their own).

        Raises:
            KubernetesError: with the API's own words.
        """
        try:
            response = await self._send(method, path, body, kind, CALL_S)
            content = await response.read()  # type: ignore[no-untyped-call]
        except NO_ANSWER as error:
            raise _no_answer(error) from error
        return json.loads(_checked(response.status, content) or b"null")

    async def watch(self, path: str, version: str, **parameters: str) -> AsyncIterator[dict[str, Any]]:
        """The changes after a resource version: `{"type", "object"}`, until the watch runs out.

        Raises:
            KubernetesError: 410 when the version is too old: list again.
        """
        query = parameters | {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true"}
        query["timeoutSeconds"] = str(WATCH_S)
        try:
            response = await self._send("GET", f"{path}?{urlencode(query)}", None, "application/json", WATCH_S + 15)
            try:
                if response.status >= 300:
                    _checked(response.status, await response.read())  # type: ignore[no-untyped-call]
                async for line in response.response.content:
                    yield _change(line)
            finally:
                response.response.close()
        except NO_ANSWER as error:
            raise _no_answer(error) from error

    async def close(self) -> None:
        """End all connections."""
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]

    async def _send(self, method: str, path: str, body: Any, kind: str, limit_s: float) -> RESTResponse:
        if self._client is None:  # it wants to be made on the loop that it is used on
            self._client = ApiClient(self._configuration)
        method, url, headers, content, form = await self._client.param_serialize(
            method,
            path,
            header_params={"Accept": "application/json", "Content-Type": kind},
            body=body,
            auth_settings=["BearerToken"],
        )
        return await self._client.call_api(method, url, headers, content, form, _request_timeout=limit_s)


def _checked(status: int, content: bytes) -> bytes:
    if status < 300:
        return content
    try:
        message = str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the Kubernetes API answered {status}: {content[:200]!r}"
    raise KubernetesError(message, status)


def _change(line: bytes) -> dict[str, Any]:
    change: dict[str, Any] = json.loads(line)
    if change["type"] == "ERROR":
        status = change["object"]
        raise KubernetesError(f"the watch ended: {status.get('message')}", int(status.get("code", 500)))
    return change


def _no_answer(error: Exception) -> KubernetesError:
    return KubernetesError(f"the Kubernetes API does not answer: {error or type(error).__name__}", 0)

"""The few calls of the Kubernetes API that the controller makes, as JSON, on its own event loop.

The official Python client brings a class for each of Kubernetes' types and 50 MB of memory; what is read here is a handful of
fields. Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/ (watches, resource versions, bookmarks).
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
WATCH_S = 60
"""Seconds after which a watch is renewed: also the longest that a dead connection can go unnoticed."""


class KubernetesError(Exception):
    """The API said no, or nothing. `status` is 0 when it did not answer; then, and from 500 on, trying again helps."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class KubernetesApi:
    """One cluster's API server."""

    def __init__(self, url: str, context: ssl.SSLContext | None, token_file: Path | None = None) -> None:
        self._url = url.rstrip("/")
        self._context = context
        self._token_file = token_file
        self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=50, max_body_size=2**30)

    @classmethod
    def in_cluster(cls) -> KubernetesApi | None:
        """The API of the cluster that this process runs in a pod of, as its service account; None outside."""
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        if not host or not (ACCOUNT / "token").exists():
            return None
        context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
        name = f"[{host}]" if ":" in host else host
        return cls(f"https://{name}:{port}", context, ACCOUNT / "token")

    async def call(self, method: str, path: str, body: Any = None, *, kind: str = "application/json") -> Any:
        """One call; `kind` is the content type of the body (patches have their own).

        Raises:
            KubernetesError: with the API's own words.
        """
        content = json.dumps(body) if body is not None else None
        request = self._request(path, method=method, body=content, request_timeout=20.0)
        request.headers["Content-Type"] = kind
        try:
            response = await self._client.fetch(request)
        except HTTPClientError as error:
            raise KubernetesError(_words(error), error.code if error.code != 599 else 0) from error
        except OSError as error:
            raise KubernetesError(f"the Kubernetes API does not answer: {error}", 0) from error
        return json.loads(response.body or b"null")

    async def watch(self, path: str, version: str, **parameters: str) -> AsyncIterator[dict[str, Any]]:
        """The changes after a resource version: `{"type", "object"}`, until the watch runs out.

        Raises:
            KubernetesError: 410 when the version is too old: list again.
        """
        query = parameters | {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true"}
        query["timeoutSeconds"] = str(WATCH_S)
        lines = _Lines()
        request = self._request(
            f"{path}?{urlencode(query)}", request_timeout=WATCH_S + 15.0, streaming_callback=lines.feed
        )
        fetch = self._client.fetch(request)
        fetch.add_done_callback(lines.end)
        try:
            async for line in lines:
                yield _change(line)
            await fetch
        except HTTPClientError as error:
            raise KubernetesError(_words(error), error.code if error.code != 599 else 0) from error
        except OSError as error:
            raise KubernetesError(f"the Kubernetes API does not answer: {error}", 0) from error
        finally:
            lines.close()  # the connection ends with the watch's time: tornado knows no way to end it sooner

    def _request(self, path: str, **options: Any) -> HTTPRequest:
        headers = {"Accept": "application/json"}
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {self._token_file.read_text().strip()}"  # it is renewed every hour
        return HTTPRequest(
            self._url + path,
            headers=headers,
            ssl_options=self._context,
            connect_timeout=5.0,
            allow_nonstandard_methods=True,
            **options,
        )


class _Lines:
    """A stream of bytes as lines."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._rest = b""
        self._closed = False

    def close(self) -> None:
        self._closed = True

    def feed(self, chunk: bytes) -> None:
        if self._closed:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._queue.put_nowait(line)

    def end(self, fetch: asyncio.Future[HTTPResponse]) -> None:
        if self._closed and not fetch.cancelled():
            fetch.exception()  # nobody else is going to ask
        self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (line := await self._queue.get()) is not None:
            if line:
                yield line


def _change(line: bytes) -> dict[str, Any]:
    change: dict[str, Any] = json.loads(line)
    if change["type"] == "ERROR":
        status = change["object"]
        raise KubernetesError(f"the watch ended: {status.get('message')}", int(status.get("code", 500)))
    return change


def _words(error: HTTPClientError) -> str:
    if error.response is None or not error.response.body:
        return f"the Kubernetes API answered {error.code}: {error.message}"
    try:
        return str(json.loads(error.response.body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"the Kubernetes API answered {error.code}: {error.response.body[:200]!r}"

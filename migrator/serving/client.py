"""JSON over HTTP to another service, with failures told apart by what they mean for the caller.

ServiceError            any of them
├── Unreachable         nobody listens there (connection refused, no route): it may be dead
├── NoAnswer            it took the call and did not answer in time: it may have done it
└── Refused             it answered with an error: `status`, `code`, `data`
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError


class ServiceError(Exception):
    """A call to another service failed."""


class Unreachable(ServiceError):
    """Nothing took the call: it was certainly not done."""


class NoAnswer(ServiceError):
    """The connection broke or time ran out: it may have been done."""


class Refused(ServiceError):
    """The service said no."""

    def __init__(self, message: str, status: int, data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.data = data

    @property
    def code(self) -> str:
        """The `error` field of an answer of ours, else the empty string."""
        return str(self.data.get("error", "")) if isinstance(self.data, dict) else ""


@dataclass(frozen=True)
class Answer:
    """A good answer; `data` is its JSON, None if it had none."""

    status: int
    data: Any
    headers: HTTPHeaders


class ServiceClient:
    """Calls below one base URL with one Authorization header."""

    def __init__(self, url: str, authorization: str = "", *, client: AsyncHTTPClient | None = None) -> None:
        self.url = url.rstrip("/")
        self._authorization = authorization
        self._client = client or AsyncHTTPClient(force_instance=True, max_clients=200)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call; `timeout` in seconds covers all of it.

        Raises:
            Unreachable, NoAnswer, Refused: see the top of this file.
        """
        request = self._request(method, path, body, timeout, headers or {})
        try:
            response = await self._client.fetch(request, raise_error=False)
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise Unreachable(f"{method} {request.url}: {error}") from error
        except (HTTPClientError, StreamClosedError, OSError) as error:
            raise NoAnswer(f"{method} {request.url}: {error}") from error
        data = _json(response.body)
        if response.code >= 400:
            raise Refused(_reason(method, request.url, response.code, data), response.code, data)
        return Answer(response.code, data, response.headers)

    def _request(self, method: str, path: str, body: Any, timeout: float, headers: Mapping[str, str]) -> HTTPRequest:
        all_headers = HTTPHeaders({"Content-Type": "application/json", **headers})
        if self._authorization:
            all_headers["Authorization"] = self._authorization
        content = json.dumps(body) if body is not None else ("" if method in {"POST", "PUT", "PATCH"} else None)
        return HTTPRequest(
            self.url + path,
            method=method,
            headers=all_headers,
            body=content,
            connect_timeout=min(timeout, 5.0),
            request_timeout=timeout,
            follow_redirects=False,
            allow_nonstandard_methods=True,
        )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


def _reason(method: str, url: str, status: int, data: Any) -> str:
    message = data.get("message", "") if isinstance(data, dict) else str(data or "")[:200]
    return f"{method} {url} answered {status}: {message}"

"""Sends requests to the gateway: repeats what was not answered, or answered by "not now", until a deadline."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

from tornado.httpclient import HTTPError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from migrator.storage.errors import (
    Conflict,
    Denied,
    Fenced,
    InvalidKey,
    NotFound,
    QuotaExceeded,
    StorageError,
    StoreFull,
    StoreUnavailable,
)

CONNECTIONS = 8
LARGEST_BODY = 256 * 1024 * 1024
CONNECT_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 60.0  # a pack of 16 MiB on a link of 0.3 MiB/s
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 5.0
_ERRORS = {400: InvalidKey, 401: Denied, 403: Denied, 404: NotFound, 412: Conflict, 413: QuotaExceeded, 507: StoreFull}
_UNAVAILABLE = {408, 425, 429, 500, 502, 503, 504, 599}


class GatewayClient:
    """HTTP with one session's token. At most `CONNECTIONS` requests at once; the rest wait for their turn."""

    def __init__(self, url: str, token: str, *, deadline_s: float) -> None:
        self._url = url
        self._token = token
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._client: SimpleAsyncHTTPClient | None = None

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[HTTPResponse, int]:
        """Give the answer, whatever its status, and the number of attempts; `StoreUnavailable` after the deadline."""
        end = time.monotonic() + self._deadline_s
        backoff = FIRST_BACKOFF_S
        attempts = 0
        while True:
            attempts += 1
            answer, reason = await self._once(self._request(method, path, headers or {}, body, end))
            if answer is not None and answer.code not in _UNAVAILABLE:
                return answer, attempts
            pause = max(backoff * random.uniform(0.5, 1), _retry_after(answer))  # noqa: S311 - jitter, no secret
            if time.monotonic() + pause >= end:
                raise StoreUnavailable(f"the gateway did not do {method} {path} in {self._deadline_s:g} s: {reason}")
            await asyncio.sleep(pause)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    def close(self) -> None:
        """Close the client; requests under way fail."""
        if self._client is not None:
            self._client.close()

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes | None, end: float) -> HTTPRequest:
        return HTTPRequest(
            self._url + path,
            method,
            {**headers, "Authorization": f"Bearer {self._token}"},
            body,
            connect_timeout=CONNECT_TIMEOUT_S,
            request_timeout=max(1.0, min(REQUEST_TIMEOUT_S, end - time.monotonic())),
            follow_redirects=False,
            decompress_response=False,
        )

    async def _once(self, request: HTTPRequest) -> tuple[HTTPResponse | None, str]:
        async with self._turns:
            try:
                answer = await self._open().fetch(request, raise_error=False)
            except (HTTPError, OSError) as error:
                return None, str(error)
        return answer, f"{answer.code} {answer.reason}"

    def _open(self) -> SimpleAsyncHTTPClient:
        if self._client is None:
            self._client = SimpleAsyncHTTPClient(
                force_instance=True,
                max_clients=CONNECTIONS,
                max_buffer_size=LARGEST_BODY,
                max_body_size=LARGEST_BODY,
            )
        return self._client


def checked(answer: HTTPResponse, path: str) -> HTTPResponse:
    """Give the answer back if it is a good one; else raise the error that it stands for."""
    if answer.code < 300:
        return answer
    value = _error_body(answer)
    message = f"{path}: {value.get('message') or answer.reason} ({answer.code} {value.get('error', '')})"
    if answer.code == 409:
        raise Fenced(message, int(value.get("epoch", 0)))
    raise _ERRORS.get(answer.code, StorageError)(message)


def _error_body(answer: HTTPResponse) -> dict[str, Any]:
    try:
        value = json.loads(answer.body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after(answer: HTTPResponse | None) -> float:
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(text), LONGEST_BACKOFF_S) if text.isdigit() else 0.0

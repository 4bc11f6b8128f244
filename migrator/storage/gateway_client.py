"""Sends requests to the gateway: repeats what was not answered, or answered by "not now", until a deadline."""

from __future__ import annotations

import asyncio
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
from migrator.storage.exchange import FAULTS, Answer, Exchange

CONNECTIONS = 8
REQUEST_TIMEOUT_S = 60.0  # a pack of 16 MiB on a link of 0.3 MiB/s
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 5.0
_ERRORS = {400: InvalidKey, 401: Denied, 403: Denied, 404: NotFound, 412: Conflict, 413: QuotaExceeded, 507: StoreFull}
_UNAVAILABLE = {408, 425, 429, 500, 502, 503, 504}


class GatewayClient:
    """HTTP with one session's token. At most `CONNECTIONS` requests at once; the rest wait for their turn."""

    def __init__(self, url: str, token: str, *, deadline_s: float) -> None:
        self._url = url
        self._token = token
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="gateway-store")
        self._under_way: set[Exchange] = set()
        self._closed = False

    async def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[Answer, int]:
        """Give the answer, whatever its status, and the number of attempts; `StoreUnavailable` after the deadline."""
        end = time.monotonic() + self._deadline_s
        backoff = FIRST_BACKOFF_S
        attempts = 0
        while True:
            attempts += 1
            answer, reason = await self._once(self._exchange(method, path, headers or {}, body, end))
            if answer is not None and answer.code not in _UNAVAILABLE:
                return answer, attempts
            if self._closed:
                raise StoreUnavailable(f"{method} {path} was not done: the store is closed")
            pause = max(backoff * random.uniform(0.5, 1), _retry_after(answer))  # noqa: S311 - jitter, no secret
            if time.monotonic() + pause >= end:
                raise StoreUnavailable(f"the gateway did not do {method} {path} in {self._deadline_s:g} s: {reason}")
            await asyncio.sleep(pause)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    def close(self) -> None:
        """Requests under way fail."""
        self._closed = True
        for exchange in self._under_way:
            exchange.abort()
        self._threads.shutdown(wait=False)

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes | None, end: float) -> Exchange:
        return Exchange(
            self._url + path,
            method,
            {**headers, "Authorization": f"Bearer {self._token}"},
            body,
            timeout_s=max(1.0, min(REQUEST_TIMEOUT_S, end - time.monotonic())),
        )

    async def _once(self, exchange: Exchange) -> tuple[Answer | None, str]:
        async with self._turns:
            self._under_way.add(exchange)
            try:
                answer = await exchange.done(self._threads)
            except FAULTS as error:
                return None, str(error) or type(error).__name__
            finally:
                self._under_way.discard(exchange)
        return answer, f"{answer.code} {answer.reason}"


def checked(answer: Answer, path: str) -> Answer:
    """Give the answer back if it is a good one; else raise the error that it stands for."""
    if answer.code < 300:
        return answer
    value = _error_body(answer)
    message = f"{path}: {value.get('message') or answer.reason} ({answer.code} {value.get('error', '')})"
    if answer.code == 409:
        raise Fenced(message, int(value.get("epoch", 0)))
    raise _ERRORS.get(answer.code, StorageError)(message)


def _error_body(answer: Answer) -> dict[str, Any]:
    try:
        value = json.loads(answer.body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after(answer: Answer | None) -> float:
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(text), LONGEST_BACKOFF_S) if text.isdigit() else 0.0

"""The few HTTP calls that the demo makes itself: to see whether something answers, and to talk to its services."""

from __future__ import annotations

import json
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse


async def fetch(
    url: str, *, method: str = "GET", token: str | None = None, scheme: str = "Bearer", body: Any = None
) -> HTTPResponse:
    """One request; any HTTP status is an answer. Raises OSError or `HTTPClientError` (599) if there is none."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token is not None:
        headers["Authorization"] = f"{scheme} {token}"
    request = HTTPRequest(
        url,
        method=method,
        headers=headers,
        body=None if body is None else json.dumps(body),
        allow_nonstandard_methods=True,
        follow_redirects=False,
        request_timeout=60,
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def answers(url: str, *, below: int = 500) -> bool:
    """Whether something answers at `url` with a status under `below`."""
    try:
        response = await fetch(url)
    except OSError:
        return False
    return response.code < below

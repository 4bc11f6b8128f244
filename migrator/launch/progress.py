"""Follows a hub's progress event stream of one starting server to its end."""

from __future__ import annotations

import json
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

from migrator.launch.errors import HubUnavailable, SpawnFailed


class EventStream:
    """Cuts chunks of a text/event-stream into the JSON of its `data:` fields; the last failure is kept."""

    def __init__(self) -> None:
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> None:
        """Take some bytes; lines may be cut anywhere."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self.events.append(json.loads(line[5:]))


async def follow_progress(server_url: str, token: str, limit_s: float) -> None:
    """Return when the server is ready; `server_url` is its place in the hub's API.

    Raises:
        SpawnFailed: the hub says so, in its own words.
        HubUnavailable: the stream broke.
        TimeoutError: it took longer than `limit_s`.
    """
    stream = EventStream()
    request = HTTPRequest(
        f"{server_url}/progress",
        headers={"Authorization": f"token {token}", "Accept": "text/event-stream"},
        streaming_callback=stream.feed,
        request_timeout=limit_s,
    )
    client = AsyncHTTPClient(force_instance=True)
    try:
        await client.fetch(request)
    except HTTPTimeoutError as error:
        raise TimeoutError(str(error)) from error
    except (HTTPClientError, OSError) as error:
        # A server that was ready before we asked answers 400 "is not starting": the caller looks at the server itself.
        if not (isinstance(error, HTTPClientError) and error.code == 400):
            raise HubUnavailable(f"the hub's progress stream broke: {error}") from error
    finally:
        client.close()
    last = stream.events[-1] if stream.events else {}
    if last.get("failed"):
        raise SpawnFailed(str(last.get("message") or "the hub says that the launch failed"))

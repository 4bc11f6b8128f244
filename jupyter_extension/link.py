"""The line to the control plane: what this pod is told about its session, and what it says about itself."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Protocol

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from jupyter_extension.environment import SESSION_ID, PodEnvironment
from jupyter_extension.errors import (
    BadSetup,
    ExtensionError,
    FencedOut,
    GatewayRefused,
    GatewayUnreachable,
    WishRefused,
)
from migrator.session.key_files import BadKeyFile, read_session_key
from migrator.snapshot import SessionKeys
from migrator.storage import ObjectStore, open_store, prefixed

CALL_LIMIT_S = 10.0
FIRST_RETRY_S = 0.5


@dataclass(frozen=True)
class SessionInfo:
    """The gateway's answer about the session: our role, the newest durable snapshot, and the key.

    `epoch` is ours: a standby's begins when the session is handed over to it.
    """

    id: str
    epoch: int
    role: str  # owner, standby
    snapshot: str | None
    key: bytes
    lease_s: float
    restore: bool
    logouts: tuple[dict[str, Any], ...] = ()


class Link(Protocol):
    """The control plane as the pod sees it."""

    leased: bool  # whether kernels may run only while the other side is heard

    async def session(self) -> SessionInfo:
        """Ask who we are. Raises GatewayUnreachable, GatewayRefused, FencedOut."""

    async def alive(self, state: dict[str, Any]) -> dict[str, Any]:
        """Renew the lease. Raises as `session`."""

    async def durable(self, snapshot: str, state_bytes: int, events: list[dict[str, Any]], notebooks: int = 0) -> None:
        """Have the record name this snapshot: from here on it is durable. Raises as `session`."""

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Something for the user, below `/v1/session/`. Raises WishRefused, in words for the user."""

    def store(self, session: str) -> ObjectStore:
        """The session's own objects."""

    def close(self) -> None:
        """Let go of connections."""


async def first_answer(link: Link, limit_s: float, failed: Callable[[str], None]) -> SessionInfo:
    """Ask who we are until there is an answer; `failed` is told each time that there is none, and the pauses grow to `limit_s`.

    Raises FencedOut.
    """
    pause = FIRST_RETRY_S
    while True:
        try:
            return await link.session()
        except FencedOut:
            raise
        except ExtensionError as e:
            failed(str(e))
        await asyncio.sleep(pause)
        pause = min(2 * pause, limit_s)


class GatewayLink:
    """The real one: the member's gateway over HTTP."""

    leased = True

    def __init__(self, environment: PodEnvironment) -> None:
        self._environment = environment
        self._client = AsyncHTTPClient(force_instance=True)

    async def session(self) -> SessionInfo:
        """See `Link`."""
        said = await self._call("GET", "/v1/session")
        try:
            key = base64.b64decode(said["key"], validate=True)
            return SessionInfo(
                str(said["id"]),
                int(said["epoch"]) + (said["role"] == "standby"),
                str(said["role"]),
                said.get("snapshot"),
                key,
                float(said["lease_s"]),
                bool(said.get("restore")),
                tuple(said.get("logouts") or ()),
            )
        except (KeyError, ValueError, TypeError) as e:
            raise GatewayRefused(
                f"the gateway's answer about the session makes no sense ({e!r}); are both up to date?"
            ) from e

    async def alive(self, state: dict[str, Any]) -> dict[str, Any]:
        """See `Link`."""
        return await self._call("POST", "/v1/session/alive", state)

    async def durable(self, snapshot: str, state_bytes: int, events: list[dict[str, Any]], notebooks: int = 0) -> None:
        """See `Link`."""
        body = {"snapshot": snapshot, "state_bytes": state_bytes, "notebooks": notebooks, "events": events}
        await self._call("POST", "/v1/session/snapshot", body)

    def store(self, session: str) -> ObjectStore:
        """See `Link`."""
        from migrator.storage.gateway import GatewayStore  # noqa: PLC0415 - a standalone server needs no gateway

        store: ObjectStore = GatewayStore(self._environment.gateway_url, self._environment.session_token)
        return store

    def close(self) -> None:
        """See `Link`."""
        self._client.close()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """See `Link`."""
        try:
            return await self._call(method, f"/v1/session/{path}", body)
        except GatewayRefused as e:
            raise WishRefused(e.message or str(e)) from e
        except GatewayUnreachable as e:
            raise WishRefused(f"This can't be asked for now: {e}") from e

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = HTTPRequest(
            self._environment.gateway_url + path,
            method=method,
            headers={"Authorization": f"Bearer {self._environment.session_token}", "Content-Type": "application/json"},
            body=None if body is None else json.dumps(body),
            request_timeout=CALL_LIMIT_S,
            connect_timeout=CALL_LIMIT_S,
        )
        try:
            answer = await self._client.fetch(request)
            said: dict[str, Any] = json.loads(answer.body or b"{}")
        except HTTPClientError as e:
            raise _meaning(e) from e
        except (OSError, ValueError) as e:
            raise GatewayUnreachable(f"{self._environment.gateway_url} does not answer: {e}") from e
        return said


def _meaning(error: HTTPClientError) -> Exception:
    text = f"the gateway says {error.code}"
    if error.response is not None and error.response.body:
        text += f": {error.response.body[:300].decode('utf-8', 'replace')}"
    if error.code == 409:
        return FencedOut(text)
    if error.code >= 500 or error.code == 429:
        return GatewayUnreachable(text)
    return GatewayRefused(text, _message_of(error))


def _message_of(error: HTTPClientError) -> str:
    """The gateway's words without the rest of its answer."""
    try:
        return str(json.loads(error.response.body)["message"])  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


class StandaloneLink:
    """No control plane: a store and a key of the user's own, for "save now" and "undo" on a single machine."""

    leased = False

    def __init__(self, store_url: str, key_file: str, session: str) -> None:
        if not SESSION_ID.fullmatch(session):
            raise BadSetup(f"SessionMigrator.local_session {session!r} is not a session id ({SESSION_ID.pattern})")
        self._session, self._key = session, _key_in(Path(key_file))
        self._store = open_store(store_url)
        self._snapshot: str | None = None

    async def session(self) -> SessionInfo:
        """See `Link`."""
        return SessionInfo(self._session, 1, "owner", self._snapshot, self._key, float("inf"), restore=False)

    async def alive(self, state: dict[str, Any]) -> dict[str, Any]:
        """See `Link`."""
        return {"epoch": 1, "phase": "active", "role": "owner", "lease_s": float("inf")}

    async def durable(self, snapshot: str, state_bytes: int, events: list[dict[str, Any]], notebooks: int = 0) -> None:
        """See `Link`."""
        self._snapshot = snapshot

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """See `Link`."""
        raise WishRefused("There is no hub behind this session, only a store.")

    def store(self, session: str) -> ObjectStore:
        """See `Link`."""
        return prefixed(self._store, f"sessions/{session}/")

    def close(self) -> None:
        """See `Link`."""


def _key_in(path: Path) -> bytes:
    try:
        return read_session_key(path)
    except OSError as e:
        raise BadSetup(f"SessionMigrator.key_file {path} can't be read: {e.strerror}") from e
    except BadKeyFile as e:
        raise BadSetup(f"SessionMigrator.key_file: {e}") from e


def keys_of(info: SessionInfo) -> SessionKeys:
    """The keys that seal this session's objects."""
    return SessionKeys(info.key)

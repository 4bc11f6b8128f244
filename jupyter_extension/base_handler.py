"""What all our REST handlers share: who asks, what a body may hold, and which status our errors mean."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any, Awaitable, Callable, TypeVar

from jupyter_server.auth import decorator
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_extension.errors import (
    BadUpload,
    ExtensionError,
    FencedOut,
    NothingToRestore,
    TooBig,
    WishRefused,
    WrongState,
)
from jupyter_extension.live_session import LiveSession
from migrator.snapshot import SnapshotError
from migrator.storage import NotFound
from migrator.storage.errors import StorageError

Method = TypeVar("Method", bound=Callable[..., Any])
SNAPSHOT_ID = re.compile(r"[0-9a-f]{32}")
# Marks a method whose authentication is our own; before jupyter_server 2.13 nobody asks for the mark.
allow_unauthenticated: Callable[[Method], Method] = getattr(decorator, "allow_unauthenticated", lambda method: method)


class MigratorHandler(APIHandler):
    """What all our REST handlers share."""

    auth_resource = "kernels"

    def initialize(self, session: LiveSession | None, control_token: str) -> None:
        """Given by the application."""
        self._live, self._control_token = session, control_token

    @property
    def live(self) -> LiveSession:
        """The live session; 409 where the extension has nothing to do."""
        if self._live is None:
            raise web.HTTPError(409, "the session migrator is not active in this server")
        return self._live

    def from_controller(self) -> bool:
        """Whether the request carries the control token; compared in constant time."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        given = token.strip().encode()
        return (
            bool(self._control_token)
            and scheme.lower() == "bearer"
            and hmac.compare_digest(given, self._control_token.encode())
        )

    def body(self) -> dict[str, Any]:
        """The JSON object of the request; 400 for anything else."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError as e:
            raise web.HTTPError(400, "the body is not JSON") from e
        if not isinstance(body, dict):
            raise web.HTTPError(400, "the body must be a JSON object")
        return body

    def snapshot_of(self, body: dict[str, Any], *, optional: bool = False) -> str | None:
        """The checked `snapshot` of a body."""
        snapshot = body.get("snapshot")
        if snapshot is None and optional:
            return None
        if not isinstance(snapshot, str) or not SNAPSHOT_ID.fullmatch(snapshot):
            raise web.HTTPError(400, "`snapshot` must be 32 hexadecimal digits")
        return snapshot

    def deadline_of(self, body: dict[str, Any]) -> float | None:
        """The checked `deadline` of a body, in Unix seconds."""
        deadline = body.get("deadline")
        if deadline is None:
            return None
        if isinstance(deadline, bool) or not isinstance(deadline, (int, float)):
            raise web.HTTPError(400, "`deadline` must be Unix seconds or null")
        return float(deadline)

    async def answer(self, work: Awaitable[dict[str, Any]]) -> None:
        """Finish with the result, or with the status that our errors mean."""
        try:
            document = await work
        except (WrongState, FencedOut) as e:
            raise web.HTTPError(409, plain(e)) from e
        except BadUpload as e:
            raise web.HTTPError(400, plain(e)) from e
        except WishRefused as e:
            raise web.HTTPError(422, plain(e)) from e
        except TooBig as e:
            raise web.HTTPError(413, plain(e)) from e
        except NotFound as e:
            raise web.HTTPError(404, plain(e)) from e
        except (NothingToRestore, SnapshotError) as e:
            raise web.HTTPError(500, plain(e)) from e
        except (ExtensionError, StorageError) as e:
            raise web.HTTPError(503, plain(e)) from e
        self.finish(json.dumps(document, default=str))


def plain(error: Exception) -> str:
    """An error's text for HTTPError, which would take `%` as a format."""
    return str(error).replace("%", "%%")

"""The hub's side: gives each server that starts what its session needs, and never stands in the way of a launch.

In a hub's configuration::

    from migrator.launch.hub_hook import session_hook
    c.Spawner.pre_spawn_hook = session_hook("http://controller:8080", "/etc/migrator/secret", c.Spawner.pre_spawn_hook)

This file needs nothing but the standard library and tornado (which a hub has), so that a chart can mount it alone.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient

Hook = Callable[[Any], Awaitable[None]]
STANDBY_S = 30.0
"""A standby waits longer for the controller than a user would: without its session it is of no use to anybody."""


def session_hook(
    controller_url: str, secret_file: str, then: Callable[[Any], Any] | None = None, *, timeout_s: float = 5.0
) -> Hook:
    """A `pre_spawn_hook` that protects the server; `then` is a hook that was there before, and runs afterwards.

    `controller_url` and `secret_file` are of this member's controller. If the controller does not answer within `timeout_s`
    seconds the server starts without protection, and the hub's log says so.
    """

    async def hook(spawner: Any) -> None:
        try:
            spawner.environment = {**spawner.environment, **await _environment(spawner)}
        except Exception as error:
            if _is_standby(spawner):
                raise  # a standby without its session is of no use to anybody
            spawner.log.warning("%s starts without protection: the controller said: %s", spawner._log_name, error)
        result = then(spawner) if callable(then) else None
        if inspect.isawaitable(result):
            await result

    async def _environment(spawner: Any) -> dict[str, str]:
        client, limit_s = AsyncHTTPClient(), STANDBY_S if _is_standby(spawner) else timeout_s
        answer = await client.fetch(
            f"{controller_url.rstrip('/')}/v1/launches",
            method="POST",
            headers={
                "Authorization": f"Bearer {_read(secret_file)}",
                "Content-Type": "application/json",
            },
            body=json.dumps(_launch(spawner)),
            connect_timeout=limit_s,
            request_timeout=limit_s,
        )
        return {str(key): str(value) for key, value in json.loads(answer.body)["env"].items()}

    return hook


def _launch(spawner: Any) -> dict[str, Any]:
    server = getattr(spawner, "server", None)
    return {
        "user": spawner.user.name,
        "server_name": spawner.name,
        "server": server.base_url if server else spawner.user.base_url,
        "user_options": spawner.user_options or {},
    }


def _read(secret_file: str) -> str:
    return Path(secret_file).read_text().strip()


def _is_standby(spawner: Any) -> bool:
    return bool((spawner.user_options or {}).get("migrator"))

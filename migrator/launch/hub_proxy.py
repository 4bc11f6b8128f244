"""The hub's side of an end: before a hub takes the route of a server away, that server's session is saved and its pages held.

A hub that stops a server removes its route first and asks questions later: an open page then gets the hub's own words (403, 424, a
login page), and whatever the server does in its last second is nobody's business. With this class the hub tells the
controller first. In a hub's configuration::

    from migrator.launch.hub_proxy import patient_proxy
    c.JupyterHub.proxy_class = patient_proxy("http://controller:8080", "/etc/migrator/secret")

Nothing but the standard library, tornado and JupyterHub itself is needed, so that a chart can mount this file alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from tornado.httpclient import AsyncHTTPClient


def patient_proxy(
    controller_url: str, secret_file: str, base: type = ConfigurableHTTPProxy, *, timeout_s: float = 90.0
) -> type:
    """A subclass of the hub's proxy class `base`, to be set as `JupyterHub.proxy_class`.

    `controller_url` and `secret_file` are of this member's controller, as for `session_hook`. `timeout_s`: seconds that the hub
    waits for a last snapshot at most; more than the controller's `freeze_timeout_s`. A controller that does not answer
    never keeps a server from stopping.
    """

    class PatientProxy(base):  # type: ignore[misc]  # only known at run time
        async def delete_user(self, user: Any, server_name: str = "") -> None:
            """The hub stops this server, or has found it dead."""
            try:
                await _tell(user, server_name)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the hub's servers must stop
                self.log.warning("the pages of %s are not held: the controller said: %s", user.name, error)
            await super().delete_user(user, server_name)

    def _secret() -> str:
        return Path(secret_file).read_text().strip()

    async def _tell(user: Any, server_name: str) -> None:
        spawner = user.spawners[server_name]
        stop = {"user": user.name, "server_name": server_name, "meant": spawner.pending == "stop"}
        await AsyncHTTPClient().fetch(
            f"{controller_url.rstrip('/')}/v1/stops",
            method="POST",
            headers={
                "Authorization": f"Bearer {_secret()}",
                "Content-Type": "application/json",
            },
            body=json.dumps(stop),
            connect_timeout=5.0,
            request_timeout=timeout_s,
        )

    return PatientProxy

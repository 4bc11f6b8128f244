"""When a culler will find this session idle or too old, and how its user says "I am here".

What cullers look at: JupyterHub's idle culler the hub's `last_activity` of a server, which the proxy, the server and `POST
/users/NAME/activity` bring forward; Jupyter's own limits (`shutdown_no_activity_timeout`, `cull_idle_timeout`) the times that the
server and its kernels keep. https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
"""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime, timezone
from typing import Any, Mapping

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

CALL_LIMIT_S = 10.0
KEY = "session_migrator_last_activity"  # every setting that ends so counts for `ServerWebApplication.last_activity`


class Activity:
    """The limits of one server. `idle_limit_s` and `max_age_s` in seconds; 0 means: not known."""

    def __init__(
        self,
        web_app: Any,
        managers: Any,
        *,
        idle_limit_s: float,
        max_age_s: float,
        log: logging.Logger,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._web_app, self._managers, self._log, self._environ = web_app, managers, log, environ
        self._idle, self._age = idle_limit_s, max_age_s

    def limits(self) -> dict[str, float]:
        """`{"idle": deadline, "age": deadline}` in Unix seconds; without those that nobody told us of."""
        found = {}
        if self._idle > 0:
            found["idle"] = self._web_app.last_activity().timestamp() + self._idle
        if self._age > 0:
            found["age"] = self._web_app.settings["started"].timestamp() + self._age
        return found

    async def here(self) -> None:
        """Somebody is here: count it wherever a culler looks. A hub that does not answer is logged: its proxy has seen the call."""
        now = datetime.now(timezone.utc)
        self._web_app.settings[KEY] = now
        for kernel in self._managers.list_kernel_ids():
            self._managers.get_kernel(kernel).last_activity = now
        await self._tell_hub(now)

    async def _tell_hub(self, now: datetime) -> None:
        url, token = (self._environ.get(f"JUPYTERHUB_{name}", "") for name in ("ACTIVITY_URL", "API_TOKEN"))
        if not url or not token:
            return
        at = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        server = self._environ.get("JUPYTERHUB_SERVER_NAME", "")
        request = HTTPRequest(
            url,
            method="POST",
            headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
            body=json.dumps({"servers": {server: {"last_activity": at}}, "last_activity": at}),
            request_timeout=CALL_LIMIT_S,
        )
        try:
            await AsyncHTTPClient().fetch(request)
        except (HTTPClientError, OSError) as e:
            self._log.warning("the hub was not told that somebody is here: %s", e)

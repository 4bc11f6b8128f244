"""The server extension. It does nothing but answer `"enabled": false` unless the launcher gave it a session or the user a store."""

from __future__ import annotations

import os
from typing import Any

from jupyter_server.extension.application import ExtensionApp

from jupyter_extension.activity import Activity
from jupyter_extension.collaboration import rooms_of, runner_of
from jupyter_extension.environment import take_environment
from jupyter_extension.errors import BadSetup, ExtensionError
from jupyter_extension.gatekeeper import Gatekeeper, install, sign
from jupyter_extension.handlers import ROUTES
from jupyter_extension.link import GatewayLink, Link, StandaloneLink
from jupyter_extension.live_session import LiveSession
from jupyter_extension.record.connection import recording_class
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.settings import Settings

SETTING = "kernel_websocket_connection_class"
END_S = 5.0  # of a pod's grace, for what the server does after the last snapshot


class SessionMigrator(Settings, ExtensionApp):
    """Keeps this server's session alive when its machine goes away."""

    name = "jupyter_extension"
    extension_url = "/migrator/api/v1/status"
    load_other_extensions = True
    live: LiveSession | None = None
    _control_token = ""
    _resume_url = ""
    _member = ""

    def initialize_settings(self) -> None:
        """Put our hooks in place; whatever goes wrong in that, the server works as without us."""
        try:
            self.live = self._make_session()
        except ExtensionError as e:
            self.log.error("the session migrator stays off: %s", e)  # noqa: TRY400 - a wrong setting needs no traceback
        except Exception:
            self.log.exception("the session migrator stays off")

    def _make_session(self) -> LiveSession | None:
        link, gateway_url = self._link()
        if link is None:
            return None
        server: Any = self.serverapp
        parts = ServerParts.of(server)
        base = server.web_app.settings.get(SETTING)
        if base is None:
            raise BadSetup("this jupyter_server has no kernel_websocket_connection_class; version 2 or later is needed")
        live = LiveSession(link, parts, self, base, self.log)
        live.gateway_url, live.member = gateway_url, self._member
        live.activity = self._activity(parts)
        live.status.limits = live.activity.limits
        live.status.rooms, live.status.runner, live.status.resume = (
            rooms_of(server),
            runner_of(server),
            self._resume_url,
        )
        self.settings[SETTING] = recording_class(base, live.gate)
        install(server.web_app, Gatekeeper(parts.base_url, lambda: live.status.state))
        sign(server.web_app, live.status.server_id)
        server.io_loop.add_callback(live.start)  # the start hook of extensions came with jupyter_server 2.15
        return live

    def _activity(self, parts: ServerParts) -> Activity:
        idle, age = self.idle_limit_s, self.max_age_s
        return Activity(parts.web_app, parts.managers, idle_limit_s=idle, max_age_s=age, log=self.log)

    def _link(self) -> tuple[Link | None, str]:
        environment = take_environment(os.environ)
        if environment is not None:
            self._control_token, self._resume_url = environment.control_token, environment.resume_url
            self._member = environment.member
            self._last_until(environment.grace_s)
            return GatewayLink(environment), environment.gateway_url
        if self.store and self.key_file:
            return StandaloneLink(self.store, self.key_file, self.local_session), ""
        return None, ""

    def _last_until(self, grace_s: float | None) -> None:
        """The last snapshot may take what the pod's grace leaves, unless somebody set its limit."""
        if grace_s is not None and "stop_limit_s" not in self.config.get(type(self).__name__, {}):
            self.stop_limit_s = max(grace_s - END_S, grace_s / 2)

    def initialize_handlers(self) -> None:
        """Register the routes; they answer even where we are off."""
        options = {"session": self.live, "control_token": self._control_token}
        self.handlers.extend((f"migrator/{path}", handler, options) for path, handler in ROUTES)

    async def stop_extension(self) -> None:
        """The server stops: extensions are asked before the kernels are shut down."""
        if self.live is None:
            return
        try:
            await self.live.stop()
        except Exception:
            self.log.exception("the session migrator did not stop cleanly")


main = launch_new_instance = SessionMigrator.launch_instance

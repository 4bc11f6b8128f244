"""`/build/<provider>/<spec>`: the event stream in which a browser, or a script, follows a launch."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from migrator.demo.binderhub.launcher import Launcher, LaunchError

_KEEPALIVE_S = 25
_TRIES = 3
_SPEC = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.%/-]+")


class BuildHandler(RequestHandler):
    """BinderHub's phases: `built`, `launching` as often as there is news, then `ready` or `failed`."""

    def initialize(self, launcher: Launcher) -> None:
        """Tornado's hook for handler arguments."""
        self._launcher = launcher

    def set_default_headers(self) -> None:
        """An event stream that any site may read, as BinderHub's is."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Access-Control-Allow-Origin", "*")

    async def get(self, provider: str, spec: str) -> None:
        """Launch, and tell how it goes; faults are events too, since an EventSource cannot see a status."""
        if provider != "gh":
            await self._emit(phase="failed", message=f"No provider found for prefix {provider}: the demo has gh only\n")
            return
        if not _SPEC.fullmatch(spec):
            await self._emit(phase="failed", message=f"Spec is not of the form org/repo/ref: {spec}\n")
            return
        keepalive = asyncio.create_task(self._keep_alive())
        try:
            await self._launch(spec)
        except StreamClosedError:
            return  # the browser went away; the server, if it starts, is culled like any other
        finally:
            keepalive.cancel()

    async def _launch(self, spec: str) -> None:
        org, repo, ref = spec.split("/", 2)
        image = f"demo/{org}-{repo}:{ref}".lower()
        await self._emit(phase="built", imageName=image, message="Found built image, launching...\n")
        await self._emit(phase="launching", message="Launching server...\n")
        for tries_left in reversed(range(_TRIES)):
            try:
                server = await self._launcher.launch(
                    image, f"https://github.com/{org}/{repo}", self._extra(spec), self._tell
                )
            except LaunchError as error:
                if not tries_left:
                    await self._emit(phase="failed", message=f"{error}\n")
                    return
                await self._emit(phase="launching", message=f"Launch failed ({error}), retrying...\n")
                await asyncio.sleep(1)
            else:
                await self._emit(phase="ready", message=f"server running at {server['url']}\n", **server)
                return

    def _extra(self, spec: str) -> dict[str, str]:
        host = f"{self.request.protocol}://{self.request.host}/"
        launch_host = self.request.headers.get("X-Binder-Launch-Host", host)
        request = f"v2/gh/{spec}"
        return {"binder_launch_host": launch_host, "binder_request": request, "binder_persistent_request": request}

    def _tell(self, message: str) -> None:
        if message:
            self.write(_event(phase="launching", message=f"{message}\n"))

    async def _emit(self, **event: Any) -> None:
        self.write(_event(**event))
        await self.flush()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEPALIVE_S)
            self.write(":keepalive\n\n")
            await self.flush()


def _event(**event: Any) -> str:
    return f"data: {json.dumps(event)}\n\n"

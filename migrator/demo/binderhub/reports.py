"""`/health` and `/versions`, which the redirector reads to choose a member."""

from __future__ import annotations

from pathlib import Path

from tornado.web import RequestHandler

from migrator.demo.binderhub.launcher import Launcher, LaunchError

QUOTA = 100


class HealthHandler(RequestHandler):
    """BinderHub's three checks. A member without a machine has a quota of 0 pods."""

    def initialize(self, launcher: Launcher, machine_file: Path) -> None:
        """Tornado's hook for handler arguments."""
        self._launcher = launcher
        self._machine_file = machine_file

    async def get(self) -> None:
        """200, or 503 with the same body when a check fails."""
        try:
            pods, hub_ok = await self._launcher.servers(), True
        except (OSError, LaunchError):
            pods, hub_ok = 0, False
        quota = QUOTA if self._machine_file.exists() else 0
        checks = [
            {"service": "JupyterHub API", "ok": hub_ok},
            {"service": "Docker registry", "ok": True},
            {
                "service": "Pod quota",
                "total_pods": pods,
                "build_pods": 0,
                "user_pods": pods,
                "quota": quota,
                "ok": pods <= quota,
            },
        ]
        healthy = all(check["ok"] for check in checks)
        self.set_status(200 if healthy else 503)
        self.write({"ok": healthy, "checks": checks})


class VersionsHandler(RequestHandler):
    """Equal on all members, as the redirector demands."""

    def get(self) -> None:
        """The versions that a BinderHub tells."""
        self.write({"binderhub": "stand-in", "builder": "none", "builder_info": {}})

"""Starts user servers as BinderHub's spawner does, as processes on the member's pretended machine.

What is BinderHub's: no hub login in the server, the token and the image from the user options, `BINDER_*` in the
environment. What is the demo's: processes in place of pods, a home copied from the sample repository, and the mark
of the machine, by which the demo finds what it must kill.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import IO, Any

from jupyterhub.spawner import LocalProcessSpawner
from tornado.web import HTTPError

from migrator.demo import marks
from migrator.demo.hub.settings import HubSettings, load

_MEMORY = {"small": 2**30, "large": 4 * 2**30}
"""Bytes, by profile. Told as KubeSpawner tells them (MEM_LIMIT); no process is held to them here."""
_BINDER_OPTIONS = ("binder_ref_url", "binder_launch_host", "binder_request", "binder_persistent_request")


class MachineSpawner(LocalProcessSpawner):  # type: ignore[misc]  # JupyterHub is untyped
    """A user server on the machine that the member has now; refuses while there is none."""

    def _demo(self) -> HubSettings:
        return load()

    @property
    def _disk(self) -> Path:
        return Path(self._demo().folder) / "disk" / str(self.user.name)

    def get_args(self) -> list[str]:
        """A plain Jupyter server under the user's prefix, opened by the token in the link."""
        return [
            "--ip=127.0.0.1",
            f"--port={self.port}",
            f"--ServerApp.base_url={self.server.base_url}",
            f"--IdentityProvider.token={self.user_options['token']}",
            "--ServerApp.trust_xheaders=True",
            "--ServerApp.allow_origin=*",
            "--allow-root",
            "--no-browser",
            '--ServerApp.jpserver_extensions={"jupyter_extension": True}',
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LanguageServerManager.autodetect=False",  # there are none, and the search takes a second of each start
        ]

    def get_env(self) -> dict[str, str]:
        """BinderHub's variables, and the marks."""
        env: dict[str, str] = super().get_env()
        if "repo_url" in self.user_options:
            env["BINDER_REPO_URL"] = self.user_options["repo_url"]
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
        env.update({key.upper(): self.user_options[key] for key in _BINDER_OPTIONS if key in self.user_options})
        env["JUPYTER_PATH"] = env["JUPYTER_CONFIG_PATH"] = self._demo().jupyter
        env["TMPDIR"] = self._demo().tmp
        env["MEM_LIMIT"] = str(_MEMORY.get(self.user_options.get("profile", ""), _MEMORY["small"]))
        env[marks.DEMO] = self._demo().demo
        env[marks.MACHINE] = self._machine()
        return env

    def _machine(self) -> str:
        try:
            return Path(self._demo().machine_file).read_text()
        except FileNotFoundError:
            raise HTTPError(503, "this member has no machine at the moment: try again, or elsewhere") from None

    async def start(self) -> Any:
        """Make the home, then start the server in it."""
        for needed in ("token", "image"):
            if needed not in self.user_options:
                raise HTTPError(400, f"{needed} required")
        home, tmp = await asyncio.to_thread(self._make_disk)
        log = await asyncio.to_thread(self._open_log)
        mounts = [str(home), self._demo().home, str(tmp), self._demo().tmp]
        enclosure = [sys.executable, "-m", "migrator.demo.hub.enclosure", *mounts]
        self.cmd = [*enclosure, str(Path(sys.executable).with_name("jupyter-lab"))]
        self.popen_kwargs = {"stdout": log, "stderr": log}
        with log:
            return await super().start()

    def _make_disk(self) -> tuple[Path, Path]:
        home, tmp = self._disk / "home", self._disk / "tmp"
        shutil.copytree(self._demo().sample, home, dirs_exist_ok=True)
        tmp.mkdir(exist_ok=True)
        return home, tmp

    def _open_log(self) -> IO[bytes]:
        folder = Path(self._demo().folder) / "servers"
        folder.mkdir(exist_ok=True)
        return (folder / f"{self.user.name}.log").open("ab")

    def make_preexec_fn(self, name: str) -> None:
        """No change of user: all users are the one who runs the demo."""

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The enclosure sets HOME."""
        env["SHELL"] = "/bin/bash"
        return env

"""A real proxy with real Jupyter servers behind it, one of which is routed to: what a page sees of a move."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN

ROOT = Path(__file__).parents[3]
BASE = "/user/x/"
TOKEN = "page-test-token"
LIMIT_S = 90
PATIENCE_S = 15
APPLICATIONS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(["a = 1", "print('again')", ""])
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def call(url: str, method: str = "GET", body: Any = None, token: str = TOKEN) -> Any:
    """A JSON request; None where the answer has no body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


class JupyterServer:
    """A `jupyter lab` or `jupyter notebook` in a process of its own, with a folder of its own."""

    def __init__(self, folder: Path, app: str, *, scripted: bool = True) -> None:
        self.root = folder / "files"
        self.root.mkdir(parents=True)
        self.write_notebook()
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}{BASE}"
        self._log = (folder / "server.log").open("wb")
        self.process = subprocess.Popen(
            self._argv(app, scripted), cwd=folder, env=_environment(folder), stdout=self._log, stderr=self._log
        )
        self._wait()

    def _argv(self, app: str, scripted: bool) -> list[str]:
        extensions = {"jupyter_extension": False, "tests.jupyter_extension.lab.scripted": scripted}
        return [
            *(sys.executable, "-m", app, "--no-browser", "--allow-root", f"--port={self.port}"),
            f"--ServerApp.base_url={BASE}",
            f"--ServerApp.root_dir={self.root}",
            f"--ServerApp.jpserver_extensions={extensions}",
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.allow_remote_access=True",
            f"--{APPLICATIONS[app]}.expose_app_in_browser=True",
            "--LanguageServerManager.autodetect=False",  # npm would be asked, for a second, by each server
        ]

    def write_notebook(self) -> None:
        (self.root / "a.ipynb").write_text(json.dumps(NOTEBOOK))
        (self.root / "a.txt").write_text("one\n")

    def _wait(self) -> None:
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                call(self.url + "api/status")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the server did not start; see {self._log.name}")

    def say(self, kind: str, **fields: Any) -> None:
        """Tell the listening pages, and remember what was said."""
        call(self.url + "migrator/test/say", "POST", {"type": kind, **fields})

    def heard(self) -> dict[str, Any]:
        """The calls that the page made, and how many pages listen."""
        answer: dict[str, Any] = call(self.url + "migrator/test/say")
        return answer

    def sessions(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = call(self.url + "api/sessions")
        return answer

    def take_over(self, sessions: list[dict[str, Any]]) -> None:
        """Start kernels with the ids that the page knows."""
        call(self.url + "migrator/test/restore", "POST", {"sessions": sessions})

    def kill(self) -> None:
        """As a machine goes: no farewell."""
        self.process.kill()
        self._end()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self._end()

    def _end(self) -> None:
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:  # a plain Jupyter server with a terminal does not always heed SIGTERM
            self.process.kill()
            self.process.wait(60)
        finally:
            self._log.close()


class Site:
    """The address that a page knows, and the server that it leads to."""

    def __init__(self, folder: Path, public: str, api: str, app: str) -> None:
        self._folder, self._api, self._app = folder, api, app
        self.public = public + BASE
        self.servers: list[JupyterServer] = []

    def launch(self, *, scripted: bool = True) -> JupyterServer:
        server = JupyterServer(self._folder / f"server-{len(self.servers)}", self._app, scripted=scripted)
        self.servers.append(server)
        return server

    def route(self, server: JupyterServer) -> None:
        self.lead(f"http://127.0.0.1:{server.port}")

    def lead(self, target: str) -> None:
        """To whoever answers there."""
        body = {"target": target}
        call(f"{self._api}/api/routes{BASE.rstrip('/')}", "POST", body, PROXY_TOKEN)

    def close(self) -> None:
        """End the servers; the proxy is the next site's."""
        for server in self.servers:
            server.stop()
        with contextlib.suppress(urllib.error.HTTPError):  # a test that led nowhere has no route
            call(f"{self._api}/api/routes{BASE.rstrip('/')}", "DELETE", token=PROXY_TOKEN)


def _environment(folder: Path) -> dict[str, str]:
    own = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
    )
    environment = {**os.environ, **{name: str(folder / name.lower()) for name in own}, "PYTHONPATH": str(ROOT)}
    shared = folder / "shared/labextensions"
    shared.mkdir(parents=True)
    (shared / "session-migrator").symlink_to(ROOT / "jupyter_extension/labextension")
    environment["JUPYTER_PATH"] = str(shared.parent)
    config = Path(environment["JUPYTER_CONFIG_DIR"]) / "labconfig"
    config.mkdir(parents=True)
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "page_config.json").write_text(json.dumps(news))
    return environment

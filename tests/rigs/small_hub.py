"""A real JupyterHub with its real proxy, whose servers are tiny: for tests of routes and launches, where no kernel matters."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.ports import free_ports

TOKEN = "hub-token-0123456789abcdef0123456789"
PROXY_TOKEN = "proxy-token-0123456789abcdef"
SERVER = Path(__file__).with_name("tiny_server.py")

CONFIG = """
import sys
from jupyterhub.spawner import SimpleLocalProcessSpawner
from tornado.web import HTTPError

class Tiny(SimpleLocalProcessSpawner):
    home_dir_template = {folder!r} + "/home/{{username}}"
    cmd = [sys.executable, {server!r}]
    def get_args(self):
        if self.user_options.get("fail"):
            return ["--fail"]
        if self.user_options.get("refused"):
            raise HTTPError(403, "no machine of that kind")
        return [str(self.port), self.server.base_url, str(self.user_options.get("slow", 0))]
    def user_env(self, env): return env

c.JupyterHub.spawner_class = Tiny
c.JupyterHub.authenticator_class = "null"
c.JupyterHub.bind_url = "http://127.0.0.1:{proxy}/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.auth_token = {proxy_token!r}
c.ConfigurableHTTPProxy.command = {command!r}
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.services = [dict(name="control", api_token={token!r}), dict(name="weak", api_token="weak-" + {token!r})]
c.JupyterHub.load_roles = [
    dict(name="control", scopes=["admin:users", "admin:servers", "proxy"], services=["control"]),
    dict(name="weak", scopes=["list:users"], services=["weak"]),
]
c.Spawner.poll_interval = {poll}
c.Spawner.start_timeout = 60
c.Spawner.http_timeout = 60
c.JupyterHub.last_activity_interval = 1
c.JupyterHub.active_server_limit = {limit}
{extra}
"""


@dataclass
class SmallHub:
    """Where a running hub and its proxy are."""

    public: str
    api: str
    proxy_api: str
    folder: Path
    process: subprocess.Popen[bytes]
    token: str = TOKEN
    proxy_token: str = PROXY_TOKEN

    def get(self, path: str) -> tuple[int, str]:
        """A page's request through the proxy: status and body."""
        try:
            with urllib.request.urlopen(self.public + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def server_pid(self, user: str) -> int:
        """The process of a user's server."""
        return int(json.loads(self.get(f"/user/{user}/api")[1])["pid"])


@contextlib.contextmanager
def small_hub(
    folder: Path,
    proxy_command: list[str],
    *,
    poll: int = 30,
    limit: int = 0,
    extra: str = "",
    server: Path = SERVER,
) -> Iterator[SmallHub]:
    """Run a hub and its proxy until the block ends."""
    (folder / "home").mkdir(parents=True, exist_ok=True)
    proxy, hub, api = free_ports(3)
    config = folder / "hub_config.py"
    config.write_text(
        CONFIG.format(
            folder=str(folder), server=str(server), proxy=proxy, hub=hub, api=api, proxy_token=PROXY_TOKEN, token=TOKEN,
            command=proxy_command, poll=poll, limit=limit, extra=extra,
        )
    )  # fmt: skip
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)], cwd=folder, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    running = SmallHub(
        f"http://127.0.0.1:{proxy}", f"http://127.0.0.1:{proxy}/hub/api", f"http://127.0.0.1:{api}", folder, process
    )
    try:
        _wait(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def _wait(hub: SmallHub) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if hub.get("/hub/api/")[0] == 200:
                return
        if hub.process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError((hub.folder / "hub.log").read_text()[-3000:])

"""A federation of two members: real hubs, proxies, gateways and controllers as processes; only the users' servers are tiny."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.nodejs import proxy_command
from tests.rigs import tiny_pod
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN, TOKEN, SmallHub, small_hub

SECRET = "federation-secret-of-at-least-32-bytes"
FRONT_DOOR = "http://front.example.org"
LEASE_S = 3
PROFILES = {
    "small": {"title": "Small", "user_options": {"profile": "small"}},
    "large": {"title": "Large", "user_options": {"profile": "large"}},
    "broken": {"user_options": {"profile": "broken", "refused": True}},
}
RUN = "import sys; from migrator.cli import main; sys.exit(main())"


@dataclass
class Service:
    """A process of ours that can be killed and started again at the same port."""

    command: list[str]
    url: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        until(lambda: call("GET", self.url + "/healthz")[0] == 200, self.log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)


@dataclass
class Member:
    name: str
    hub: SmallHub
    gateway: Service
    controller: Service

    def value(self, user: str) -> tuple[int, dict[str, Any]]:
        """What a page that is open at this member sees."""
        status, data = call("GET", f"{self.hub.public}/user/{user}/api/value", headers={})
        return status, data if isinstance(data, dict) else {}

    def put(self, user: str, value: str, save: bool = True) -> int:
        body = {"value": value, "save": save}
        return call("POST", f"{self.hub.public}/user/{user}/api/value", body, headers={})[0]


@dataclass
class Federation:
    a: Member
    b: Member
    folder: Path
    users: list[str] = field(default_factory=list)

    def launch(self, name: str, member: Member | None = None, **options: Any) -> str:
        """Start a session on a member (a); its id."""
        hub = (member or self.a).hub
        headers = {"Authorization": f"token {TOKEN}"}
        assert call("POST", f"{hub.api}/users/{name}", {}, headers=headers)[0] in {201, 409}
        assert call("POST", f"{hub.api}/users/{name}/server", {"token": "t", **options}, headers=headers)[0] in {
            201,
            202,
        }
        return until(lambda: self._active(name))

    def _active(self, user: str) -> str | None:
        data = self.api(f"/v1/sessions?user={user}&phase=active")[1]
        return data["sessions"][0]["id"] if data["sessions"] else None

    def api(self, path: str, body: Any = None, *, at: Member | None = None, method: str = "") -> tuple[int, Any]:
        return call(method or ("GET" if body is None else "POST"), (at or self.a).controller.url + path, body)

    def record(self, session: str) -> dict[str, Any]:
        """The record, from whichever controller lives."""
        for member in (self.a, self.b):
            with contextlib.suppress(OSError):
                return self.api(f"/v1/sessions/{session}", at=member)[1]
        raise AssertionError("no controller lives")

    def events(self, session: str) -> list[str]:
        return [event["event"] for event in self.record(session)["timeline"]]

    def wait_for(self, session: str, event: str, count: int = 1) -> dict[str, Any]:
        until(lambda: self.events(session).count(event) >= count, lambda: json.dumps(self.record(session), indent=1))
        return self.record(session)

    def settled(self, session: str) -> dict[str, Any]:
        """The record once no move is under way."""
        until(
            lambda: not self.record(session)["controller"].get("plan"),
            lambda: json.dumps(self.record(session), indent=1),
        )
        return self.record(session)

    @contextlib.contextmanager
    def fault(self, member: str, user: str, fault: str) -> Iterator[Path]:
        """A fault of one session's server on one member."""
        file = self.folder / "faults" / f"{member}.{user}.{fault}"
        file.touch()
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)


def call(method: str, url: str, body: Any = None, *, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {SECRET}"} if headers is None else headers
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, given, method=method), timeout=30) as answer:
            return answer.status, _parsed(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _parsed(error.read())


def options(member: Member, user: str) -> dict[str, Any]:
    """The user options that this user's server was started with."""
    headers = {"Authorization": "token " + member.hub.token}
    return dict(call("GET", f"{member.hub.api}/users/{user}", headers=headers)[1]["servers"][""]["user_options"])


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def until(condition: Callable[[], Any], story: Any = "", limit: float = 90) -> Any:
    """Wait for a condition; its value. `story` is told if it never comes: a text, a log file, or a function."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if value := condition():
                return value
        time.sleep(0.05)
    told = story.read_text()[-3000:] if isinstance(story, Path) else story() if callable(story) else story
    raise AssertionError(f"it did not come to pass: {told}")


@pytest.fixture(scope="package")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """Ended with this package: dozens of sessions and their services would keep a processor busy for all later tests."""
    folder = tmp_path_factory.mktemp("federation")
    (folder / "faults").mkdir()
    for name, text in (("secret", SECRET), ("hub-token", TOKEN), ("proxy-token", PROXY_TOKEN)):
        (folder / name).write_text(text)
    ports = dict(zip(("a", "b"), free_ports(2), strict=True))
    with contextlib.ExitStack() as stack:
        # One hub as it is, one that tells before it stops a server, and lets its users run several.
        told = telling(ports["b"], folder) + "c.JupyterHub.allow_named_servers = True\n"
        members = [
            stack.enter_context(running_member(name, ports, folder, extra)) for name, extra in (("a", ""), ("b", told))
        ]
        yield Federation(members[0], members[1], folder)


@contextlib.contextmanager
def running_member(name: str, ports: dict[str, int], folder: Path, config: str = "") -> Iterator[Member]:
    own = folder / name
    own.mkdir()
    extra = f"""
from migrator.launch.hub_hook import session_hook
c.Spawner.pre_spawn_hook = session_hook("http://127.0.0.1:{ports[name]}", {str(folder / "secret")!r})
c.Spawner.poll_interval = 2
c.Spawner.environment = {{"FAULTS": {str(folder / "faults")!r}}}
{giving_up(name, folder)}
{config}
"""
    with small_hub(own / "hub", proxy_command(), extra=extra, server=Path(tiny_pod.__file__)) as hub:
        gateway = service("gateway", own, free_ports(1)[0], Gateway=_gateway(name, folder, ports[name]))
        controller = service(
            "controller", own, ports[name], Controller=_controller(name, ports, folder, hub, gateway.url)
        )
        try:
            gateway.start()
            controller.start()
            yield Member(name, hub, gateway, controller)
        finally:
            controller.kill()
            gateway.kill()


def giving_up(member: str, folder: Path) -> str:
    """A hub's configuration with the fault `gives-up`: once the server runs and the file is gone, its start counts as failed.

    The server lives on, as a pod does whose deletion fails as well.
    """
    return f"""
import asyncio
from pathlib import Path

class GivingUp(Tiny):
    async def start(self):
        place = await super().start()
        fault = Path({str(folder / "faults")!r}) / f"{member}.{{self.user.name}}.gives-up"
        while self.gives_up or fault.exists():
            if not fault.exists():
                raise TimeoutError("Could not create pod")
            self.gives_up = True
            await asyncio.sleep(0.05)
        return place

    async def stop(self, now=False):
        if not self.gives_up:
            await super().stop(now)

    gives_up = False

c.JupyterHub.spawner_class = GivingUp
"""


def telling(controller: int, folder: Path) -> str:
    """A hub's configuration by which it tells the controller before it stops a server."""
    return f"""
from migrator.launch.hub_proxy import patient_proxy
c.JupyterHub.proxy_class = patient_proxy("http://127.0.0.1:{controller}", {str(folder / "secret")!r})
"""


def service(name: str, folder: Path, port: int, **sections: dict[str, Any]) -> Service:
    config = folder / f"{name}.py"
    lines = [f"c.{section}.{key} = {value!r}" for section, keys in sections.items() for key, value in keys.items()]
    config.write_text("\n".join(lines))
    command = [sys.executable, "-c", RUN, name, "--config", str(config), "--port", str(port)]
    if os.environ.get("MIGRATOR_TEST_DEBUG"):
        command += ["--set", "log_level=DEBUG"]
    return Service(command, f"http://127.0.0.1:{port}", folder / f"{name}.log")


def _gateway(name: str, folder: Path, controller: int) -> dict[str, Any]:
    return {
        "store": f"file://{folder}/store",
        "secret_file": str(folder / "secret"),
        "member": name,
        "lease_s": LEASE_S,
        "controller_url": f"http://127.0.0.1:{controller}",
    }


def _controller(name: str, ports: dict[str, int], folder: Path, hub: SmallHub, gateway_url: str) -> dict[str, Any]:
    return {
        "store": f"file://{folder}/store",
        "secret_file": str(folder / "secret"),
        "member": name,
        "members": {each: {"controller": f"http://127.0.0.1:{port}"} for each, port in ports.items()},
        "gateway_url": gateway_url,
        "hub_url": hub.api,
        "hub_token_file": str(folder / "hub-token"),
        "redirector_url": FRONT_DOOR,
        "public_url": hub.public,
        "profiles": PROFILES,
        "max_copies": 2,
        "proxy_url": hub.proxy_api,
        "proxy_token_file": str(folder / "proxy-token"),
        "lease_s": LEASE_S,
        "host_timeout_s": 20.0,
        "room_wait_s": 10.0,
        "stalled_s": 3.0,
        "reconcile_s": 1.0,
        "probe_s": 0.3,
    }

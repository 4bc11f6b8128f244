"""A whole running federation for tests: the real `migrator demo` process, one for the whole test session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from migrator.demo import marks
from migrator.demo.binderhub.pages import EXAMPLE
from migrator.demo.client import Demo
from migrator.demo.http import fetch
from migrator.demo.plan import MEMBERS
from migrator.demo.state import FILE, DemoState, find

MIGRATOR = [str(Path(sys.executable).with_name("migrator"))]
START_S = 240
SERVICES = ("gateway", "controller")
RESULTS = Path(__file__).parents[2] / "test-results"


@dataclass
class Federation:
    """A running demo, seen as a user sees it."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def state(self) -> DemoState:
        return find(str(self.folder))

    def _member(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / f"members/{name}/hub.json").read_text()))

    @property
    def demo(self) -> Demo:
        return Demo(self.state)

    @property
    def link(self) -> str:
        """The launch link at the redirector."""
        return self.state.url + EXAMPLE

    async def sessions(self) -> list[dict[str, Any]]:
        """The records of all sessions, wherever they live, rest or have ended."""
        return list((await self.demo.call("/api/state"))["sessions"])

    async def session_of(self, user: str) -> dict[str, Any]:
        """The record of a user's session, without waiting."""
        return next(each for each in await self.sessions() if each["user"] == user)

    async def wait_for_session(
        self, user: str, condition: Callable[[dict[str, Any]], bool], limit_s: float = 120
    ) -> dict[str, Any]:
        """The record of a user's session as soon as it meets the condition."""
        seen: list[Any] = []

        async def met() -> bool:
            state = await self.demo.call("/api/state")
            seen[:] = [each for each in state["sessions"] if each["user"] == user]
            return bool(seen) and condition(seen[0])

        await wait_until(met, limit_s, lambda: f"the session is {json.dumps(seen, indent=1)}")
        return seen[0]

    async def wait_for_machines(self) -> None:
        """Until both members have one, so that a test begins with a whole federation."""

        async def up() -> bool:
            members = (await self.demo.call("/api/state"))["members"].values()
            return all(each["machine"] == "up" for each in members)

        await wait_until(up, 60, lambda: "a member has no machine")

    async def preempt(self, member: str, notice_s: float) -> None:
        await self.demo.call(f"/api/members/{member}/preempt", {"notice": notice_s})

    @contextlib.asynccontextmanager
    async def status_page(self, context: BrowserContext) -> AsyncIterator[Page]:
        """The demo's own page, in a tab of its own."""
        page = await context.new_page()
        await page.goto(f"{self.state.status_url}/?token={self.state.status_token}")
        yield page
        await page.close()

    async def press(self, context: BrowserContext, card: str, button: str) -> None:
        """A button of the demo's own page, on the card of a member or of a user's session."""
        async with self.status_page(context) as page:
            async with page.expect_response("**/api/*/*/*") as answered:
                await page.locator("article", has_text=card).get_by_role("button", name=button).click(timeout=60_000)
            assert (await answered.value).ok, await (await answered.value).text()

    async def wait_for_death(self, member: str) -> None:
        """Until the machine that this member has now is down: its processes are killed."""

        async def down() -> bool:
            return bool((await self.demo.call("/api/state"))["members"][member]["machine"] == "down")

        await wait_until(down, 120, lambda: f"the machine of member {member} lives")

    async def stop_by_hub(self, member: str, user: str) -> None:
        """As an idle culler does: by the hub's own API."""
        hub = self._member(member)
        url = f"http://127.0.0.1:{hub['hub_port']}/hub/api/users/{user}/server"
        response = await fetch(url, method="DELETE", token=hub["tokens"]["binder"], scheme="token")
        assert response.code in {202, 204}, response.body

    async def end_session(self, user: str) -> None:
        """Delete a user's session, as its owner would, so that later tests have the machine for themselves."""
        hub = self._member("a")
        secret = await asyncio.to_thread(Path(hub["federation_secret_file"]).read_text)
        url = f"{hub['controller_url']}/v1/sessions/{(await self.session_of(user))['id']}"
        response = await fetch(url, method="DELETE", token=secret)
        assert response.code == 202, response.body

    def members_where_it_runs(self, session: str) -> set[str]:
        """On whose machines there are processes of that session."""
        return {_machine(pid).split("/")[1] for pid in marks.find("MIGRATOR_SESSION_ID", session) if _machine(pid)}

    def migrator(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`migrator demo ...` on this demo, as in another terminal."""
        argv = [*MIGRATOR, "demo", *args, "--dir", str(self.folder)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    def service_lines(self) -> dict[str, list[dict[str, Any]]]:
        """All that gateways, controllers and the redirector have logged so far; fails at a line that is no JSON object."""
        names = ("redirector.log", *(f"members/{each}/{name}.log" for each in MEMBERS for name in SERVICES))
        return {name: [_line(name, text) for text in _whole_lines(self.folder / name)] for name in names}

    def logs(self) -> dict[str, str]:
        """The end of every process's log."""
        paths = [
            *self.folder.glob("*.log"),
            *self.folder.glob("members/*/*.log"),
            *self.folder.glob("members/*/servers/*.log"),
        ]
        return {
            str(path.relative_to(self.folder)): path.read_text(errors="replace")[-20_000:] for path in sorted(paths)
        }


def _whole_lines(log: Path) -> list[str]:
    """Without the one that is just being written."""
    return log.read_text().split("\n")[:-1]


def _line(name: str, text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        pytest.fail(f"{name} has a line that is no JSON: {text}")
    assert {"at", "level", "service", "message"} <= line.keys(), line
    return dict(line)


def _machine(pid: int) -> str:
    """The mark of the machine that a process runs on; empty if the process has gone."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/environ").read_text().split("\0"):
            if entry.startswith(f"{marks.MACHINE}="):
                return entry.partition("=")[2]
    return ""


async def wait_until(condition: Callable[[], Awaitable[bool]], limit_s: float, complaint: Callable[[], str]) -> None:
    """Poll until the condition holds; fail with the complaint after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not await condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {limit_s:.0f} s: {complaint()}")
        await asyncio.sleep(0.1)


def start_demo(folder: Path, *options: str, command: Sequence[str] = ()) -> Federation:
    """Start `migrator demo`, or `make ... demo` by `command`, and wait until it can be used."""
    words = ["--no-browser", "--dir", str(folder), *options]
    argv = [*command, f"ARGS={shlex.join(words)}"] if command else [*MIGRATOR, "demo", *words]
    output = folder.with_suffix(".out")
    with output.open("wb") as stream:
        process = subprocess.Popen(argv, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
    deadline = time.monotonic() + START_S
    while not (folder / FILE).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"the demo did not start:\n{output.read_text()}")
        time.sleep(0.1)
    return Federation(process, folder)


def demo_id(federation: Federation) -> str:
    """The mark of its processes."""
    return str(json.loads((federation.folder / "members/a/hub.json").read_text())["demo"])


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """One federation for all end-to-end tests; its logs are kept under test-results/."""
    running = start_demo(tmp_path_factory.mktemp("federation") / "demo", "--replacement", "2")
    yield running
    mark = demo_id(running)
    kept = RESULTS / "federation-logs"
    shutil.rmtree(kept, ignore_errors=True)
    for name, text in running.logs().items():
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).write_text(text)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    assert marks.find(marks.DEMO, mark) == []

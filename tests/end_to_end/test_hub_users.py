"""Hubs whose users log in: the open page goes on at another hub that never saw it log in, and a logout on either hub ends that."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page

from migrator.demo.plan import FRONT_END
from tests.controller.conftest import FRONT_DOOR, SECRET, Federation, Member, running_member, telling
from tests.end_to_end.notebook_7 import PLACES
from tests.jupyter_extension.lab.site import NOTEBOOK
from tests.rigs.browser import READY, Lab
from tests.rigs.federation import wait_until
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN, TOKEN

pytestmark = [pytest.mark.browser, pytest.mark.pages, pytest.mark.timeout(400)]

PASSWORD = "a-long-password-for-tests"
WITHIN_S = 60
BANNER = "#session-migrator-banner"
LIMIT_MS = 120_000
HUB = """
from migrator.launch.hub_home import listing_authenticator
from migrator.launch.hub_logout import telling_authenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner

class ForUsers(SimpleLocalProcessSpawner):
    home_dir_template = {home!r} + "/{{username}}"
    cmd = [{program!r}]
    args = ["--allow-root", '--ServerApp.jpserver_extensions={{"jupyter_extension": True}}',
            "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]

c.JupyterHub.spawner_class = ForUsers
controller = ("http://127.0.0.1:{port}", {secret!r})
c.JupyterHub.authenticator_class = listing_authenticator(*controller, telling_authenticator(*controller, "dummy"))
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.Spawner.environment = {{"JUPYTER_PATH": {share!r}, "JUPYTER_CONFIG_PATH": {share!r}, "SHELL": "/bin/bash"}}
c.Spawner.poll_interval = 30
"""


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """Two members whose hubs have users; each hub knows the same names and passwords, and nothing else of the other."""
    folder = tmp_path_factory.mktemp("hubs")
    (folder / "faults").mkdir()
    for name, text in (("secret", SECRET), ("hub-token", TOKEN), ("proxy-token", PROXY_TOKEN)):
        (folder / name).write_text(text)
    share = folder / "share"
    (share / "labextensions").mkdir(parents=True)
    (share / "labextensions/session-migrator").symlink_to(FRONT_END)
    ports = dict(zip(("a", "b"), free_ports(2), strict=True))
    with contextlib.ExitStack() as stack:
        members = [
            stack.enter_context(
                running_member(name, ports, folder, _config(folder, name, share, port) + telling(port, folder))
            )
            for name, port in ports.items()
        ]
        yield Federation(members[0], members[1], folder)


def _config(folder: Path, name: str, share: Path, port: int) -> str:
    home, secret = folder / name / "homes", folder / "secret"
    program = Path(sys.executable).with_name("jupyterhub-singleuser")
    return HUB.format(
        home=str(home), program=str(program), password=PASSWORD, share=str(share), port=port, secret=str(secret)
    )


@dataclass
class Visit:
    """A user's page at hub a."""

    hubs: Federation
    lab: Lab
    user: str
    place: str

    async def begin(self) -> None:
        public, home = self.hubs.a.hub.public, self.hubs.folder / "a/homes" / self.user
        await asyncio.to_thread(home.mkdir, parents=True)
        (home / "index.ipynb").write_text(json.dumps(NOTEBOOK))
        await self.log_in(self.lab.page, self.hubs.a)
        await self.lab.open(f"{public}/user/{self.user}/{self.place}/index.ipynb")

    async def log_in(self, page: Page, member: Member) -> None:
        """At a member's hub, which leads on to the user's server."""
        await page.goto(f"{member.hub.public}/hub/login")
        await page.fill("#username_input", self.user)
        await page.fill("#password_input", PASSWORD)
        await page.click("#login_submit")
        await page.wait_for_url(f"**/user/{self.user}/lab**", timeout=LIMIT_MS)

    async def another_browser(self, member: Member) -> Page:
        """The same user's, logged in at a member's hub."""
        assert self.lab.context.browser is not None
        page = await (await self.lab.context.browser.new_context()).new_page()
        await self.log_in(page, member)
        return page

    async def status(self, page: Page) -> int:
        """What the browser of a page gets that asks the session, by its cookie alone."""
        answer = await page.context.request.get(f"{self.lab.base_url}api/kernels")
        return int(answer.status)

    async def is_out(self, page: Page) -> None:
        async def refused() -> bool:
            return await self.status(page) == 403

        await wait_until(refused, WITHIN_S, lambda: "the page is still let in")

    async def is_told(self) -> None:
        """The open page says what has happened."""
        told = f"{BANNER} >> text=You are logged out. Your session goes on without this page"
        await self.lab.page.wait_for_selector(told, timeout=LIMIT_MS)

    async def session(self) -> str:
        found: list[Any] = []

        async def active() -> bool:
            found[:] = (await asyncio.to_thread(self.hubs.api, f"/v1/sessions?user={self.user}&phase=active"))[1][
                "sessions"
            ]
            return bool(found)

        await wait_until(active, 60, lambda: "the session is not active")
        return str(found[0]["id"])

    async def move(self, session: str) -> None:
        status, answer = await asyncio.to_thread(self.hubs.api, f"/v1/sessions/{session}/move", {"target": "b"})
        assert status == 202, answer
        await asyncio.to_thread(self.hubs.wait_for, session, "routed")


@pytest.fixture
def place() -> str:
    """Where a server shows its notebooks: in Lab, unless a test says otherwise."""
    return PLACES["lab"]


@pytest.fixture
async def visit(hubs: Federation, lab: Lab, place: str) -> Visit:
    started = Visit(hubs, lab, f"user{uuid4().hex[:8]}", place)
    await started.begin()
    return started


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_the_page_goes_on_and_a_logout_ends_it(visit: Visit, hubs: Federation) -> None:
    lab, page = visit.lab, visit.lab.page
    session = await visit.session()
    assert await lab.run("x = 41; print(x)") == "41\n"
    navigations = len(lab.navigations)
    await visit.move(session)

    assert await lab.run("x += 1; print(x)") == "42\n"
    await lab.command("docmanager:save")
    assert "x += 1" in json.dumps(await lab.api("api/contents/index.ipynb"))
    assert await lab.dialogs() == []
    assert lab.navigations[navigations:] == []
    assert (await lab.api("migrator/api/v1/status"))["resume"].startswith(f"{FRONT_DOOR}/resume/{session}.")

    await page.reload()
    await page.wait_for_function(READY, timeout=LIMIT_MS)
    assert await lab.run("print(x)") == "42\n"

    await lab.command("docmanager:save")
    base, headers = lab.base_url, lab.headers
    assert (await lab.context.request.get(f"{base}api/kernels", headers=headers)).status == 200
    await page.goto(f"{base}logout")
    assert page.url.startswith(f"{hubs.a.hub.public}/hub/")
    assert (await lab.context.request.get(f"{base}api/kernels", headers=headers)).status == 403


KERNEL_LINE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.connectionStatus"


async def test_a_logout_on_the_hub_of_the_page_ends_that_browsers_pages_and_no_others(
    visit: Visit, hubs: Federation
) -> None:
    lab, other = visit.lab, await visit.another_browser(hubs.a)
    await visit.move(await visit.session())
    assert await lab.run("print(6 * 7)") == "42\n"
    assert [await visit.status(lab.page), await visit.status(other)] == [200, 200]

    tab = await lab.context.new_page()
    await tab.goto(f"{hubs.a.hub.public}/hub/logout")
    await visit.is_out(lab.page)
    await visit.is_told()
    await lab.page.wait_for_function(f"() => ({KERNEL_LINE})() !== 'connected'", timeout=LIMIT_MS)
    assert await visit.status(other) == 200


async def test_a_logout_on_the_hub_where_the_session_lives_ends_the_page_too(visit: Visit, hubs: Federation) -> None:
    lab, session = visit.lab, await visit.session()
    await visit.move(session)
    assert await lab.run("print(6 * 7)") == "42\n"
    other = await visit.another_browser(hubs.b)
    assert await visit.status(lab.page) == 200

    await other.goto(f"{hubs.b.hub.public}/hub/logout")
    await visit.is_out(lab.page)
    await visit.is_told()
    await lab.context.route(f"{FRONT_DOOR}/**", lambda route: route.fulfill(body="the front door"))
    async with lab.context.expect_page(timeout=LIMIT_MS) as opened:
        await lab.page.click(f"{BANNER} .sm-Banner-action", timeout=LIMIT_MS)
    await (await opened.value).wait_for_url(f"{FRONT_DOOR}/resume/{session}.**", timeout=LIMIT_MS)


async def test_a_page_goes_on_as_it_stands_when_its_user_logs_in_again(visit: Visit, hubs: Federation) -> None:
    lab, tab = visit.lab, await visit.lab.context.new_page()
    await visit.session()
    assert await lab.run("x = 41; print(x)") == "41\n"
    navigations = len(lab.navigations)
    await tab.goto(f"{hubs.a.hub.public}/hub/logout")
    await visit.is_told()
    index = await lab.add_cell("print(x + 1)")

    await visit.log_in(tab, hubs.a)
    await lab.page.wait_for_selector(BANNER, state="hidden", timeout=LIMIT_MS)
    await lab.start_cell(index)
    assert (await lab.wait_for_cell(index)).text == "42\n"
    await lab.command("docmanager:save")
    assert "print(x + 1)" in (hubs.folder / "a/homes" / visit.user / "index.ipynb").read_text()
    assert await lab.dialogs() == []
    assert lab.navigations[navigations:] == []


async def test_a_copy_is_a_second_server_of_the_same_user(visit: Visit, hubs: Federation) -> None:
    lab = visit.lab
    await visit.session()
    assert await lab.run("x = [41]; print(x)") == "[41]\n"
    await lab.page.click(".sm-Status-button")
    async with lab.context.expect_page(timeout=LIMIT_MS) as opened:
        await lab.page.click(".sm-Panel-copy")
    copy = Lab(await opened.value, lab.context)
    await copy.arrive()

    assert re.fullmatch(rf"{hubs.a.hub.public}/user/{visit.user}/copy-[0-9a-f]+/", copy.base_url)
    assert await copy.run("x.append(1); print(x)") == "[41, 1]\n"
    assert await lab.run("print(x)") == "[41]\n"
    report = (await copy.api("migrator/api/v1/status"))["report"]
    assert report["copied"]["shared"] is True, "the hub gives both servers the same home folder"
    assert await lab.dialogs() == []
    assert await copy.dialogs() == []


async def test_the_hubs_home_page_lists_the_users_sessions(visit: Visit, hubs: Federation) -> None:
    lab, page = visit.lab, await visit.lab.context.new_page()
    session = await visit.session()
    await lab.run("x = 41")
    await lab.api("migrator/api/v1/snapshot", method="POST")
    await visit.move(session)

    link = page.locator(
        f"#session-migrator li:has-text('is running: 1 notebook') a[href^='{FRONT_DOOR}/resume/{session}.']"
    )
    for member in (hubs.a, hubs.b):
        other = page if member is hubs.a else await visit.another_browser(member)
        await other.goto(f"{member.hub.public}/hub/home")
        await other.wait_for_selector("#session-migrator >> text=Session of", timeout=LIMIT_MS)
    await page.bring_to_front()
    assert await link.count() == 1
    assert await page.locator("#start").count() == 1, "the hub's own page is there, too"

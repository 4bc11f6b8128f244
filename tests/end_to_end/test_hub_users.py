"""Hubs whose users log in: the open page goes on at another hub that never saw it log in, and a logout on either hub ends that."""

from __future__ import annotations

import asyncio
import contextlib
import json
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
from tests.jupyter_extension.lab.site import NOTEBOOK
from tests.rigs.browser import READY, Lab
from tests.rigs.federation import wait_until
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN, TOKEN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PASSWORD = "a-long-password-for-tests"
WITHIN_S = 60
LIMIT_MS = 120_000
HUB = """
from migrator.launch.hub_logout import telling_authenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner

class ForUsers(SimpleLocalProcessSpawner):
    home_dir_template = {home!r} + "/{{username}}"
    cmd = [{program!r}]
    args = ["--allow-root", '--ServerApp.jpserver_extensions={{"jupyter_extension": True}}',
            "--LabApp.expose_app_in_browser=True"]

c.JupyterHub.spawner_class = ForUsers
c.JupyterHub.authenticator_class = telling_authenticator("http://127.0.0.1:{port}", {secret!r}, "dummy")
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
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

    async def begin(self) -> None:
        public, home = self.hubs.a.hub.public, self.hubs.folder / "a/homes" / self.user
        await asyncio.to_thread(home.mkdir, parents=True)
        (home / "index.ipynb").write_text(json.dumps(NOTEBOOK))
        await self.log_in(self.lab.page, self.hubs.a)
        await self.lab.open(f"{public}/user/{self.user}/lab/tree/index.ipynb")

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
async def visit(hubs: Federation, lab: Lab) -> Visit:
    started = Visit(hubs, lab, f"user{uuid4().hex[:8]}")
    await started.begin()
    return started


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
    await lab.page.wait_for_function(f"() => ({KERNEL_LINE})() !== 'connected'", timeout=LIMIT_MS)
    assert await visit.status(other) == 200


async def test_a_logout_on_the_hub_where_the_session_lives_ends_the_page_too(visit: Visit, hubs: Federation) -> None:
    lab = visit.lab
    await visit.move(await visit.session())
    assert await lab.run("print(6 * 7)") == "42\n"
    other = await visit.another_browser(hubs.b)
    assert await visit.status(lab.page) == 200

    await other.goto(f"{hubs.b.hub.public}/hub/logout")
    await visit.is_out(lab.page)

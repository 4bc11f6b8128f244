"""A hub whose users log in: the open page goes on at another hub that never saw it log in, and a logout ends that."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.plan import FRONT_END
from tests.controller.conftest import FRONT_DOOR, SECRET, Federation, running_member, telling
from tests.jupyter_extension.lab.site import NOTEBOOK
from tests.rigs.browser import READY, Lab
from tests.rigs.federation import wait_until
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN, TOKEN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

USER, PASSWORD = "ann", "a-long-password-for-tests"
LIMIT_MS = 120_000
HUB = """
from jupyterhub.spawner import SimpleLocalProcessSpawner

class ForUsers(SimpleLocalProcessSpawner):
    home_dir_template = {home!r} + "/{{username}}"
    cmd = [{program!r}]
    args = ["--allow-root", '--ServerApp.jpserver_extensions={{"jupyter_extension": True}}',
            "--LabApp.expose_app_in_browser=True"]

c.JupyterHub.spawner_class = ForUsers
c.JupyterHub.authenticator_class = "dummy"
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
                running_member(name, ports, folder, _config(folder, name, share) + telling(port, folder))
            )
            for name, port in ports.items()
        ]
        yield Federation(members[0], members[1], folder)


def _config(folder: Path, name: str, share: Path) -> str:
    home = folder / name / "homes"
    program = Path(sys.executable).with_name("jupyterhub-singleuser")
    return HUB.format(home=str(home), program=str(program), password=PASSWORD, share=str(share))


@dataclass
class Visit:
    """A user's page at hub a."""

    hubs: Federation
    lab: Lab

    async def log_in(self) -> None:
        page, public = self.lab.page, self.hubs.a.hub.public
        home = self.hubs.folder / "a/homes" / USER
        await asyncio.to_thread(home.mkdir, parents=True)
        (home / "index.ipynb").write_text(json.dumps(NOTEBOOK))
        await page.goto(f"{public}/hub/login")
        await page.fill("#username_input", USER)
        await page.fill("#password_input", PASSWORD)
        await page.click("#login_submit")
        await page.wait_for_url(f"**/user/{USER}/lab**", timeout=LIMIT_MS)
        await self.lab.open(f"{public}/user/{USER}/lab/tree/index.ipynb")

    async def session(self) -> str:
        found: list[Any] = []

        async def active() -> bool:
            found[:] = (await asyncio.to_thread(self.hubs.api, f"/v1/sessions?user={USER}&phase=active"))[1]["sessions"]
            return bool(found)

        await wait_until(active, 60, lambda: "the session is not active")
        return str(found[0]["id"])

    async def move(self, session: str) -> None:
        status, answer = await asyncio.to_thread(self.hubs.api, f"/v1/sessions/{session}/move", {"target": "b"})
        assert status == 202, answer
        await asyncio.to_thread(self.hubs.wait_for, session, "routed")


@pytest.fixture
async def visit(hubs: Federation, lab: Lab) -> Visit:
    started = Visit(hubs, lab)
    await started.log_in()
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

"""A session that was put away while its page was open: the page says so, and brings it back on one click."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from migrator.controller.holding import Holding
from migrator.controller.resting import Rest
from tests.jupyter_extension.lab.page import BANNER, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser


class Door(RequestHandler):
    """Stands where the redirector stands: knows who asked to resume."""

    def post(self) -> None:
        self.settings["asked"].append(self.request.path)
        self.set_status(303)
        self.set_header("Location", self.request.path)


@pytest.fixture
async def asked() -> AsyncIterator[list[str]]:
    """A front door's URL, then the paths that were posted to it."""
    sockets = bind_sockets(0, "127.0.0.1")
    asked = [f"http://127.0.0.1:{sockets[0].getsockname()[1]}"]
    server = HTTPServer(Application([(r".*", Door)], asked=asked))
    server.add_sockets(sockets)
    yield asked
    server.stop()


@pytest.fixture
async def holding() -> AsyncIterator[Holding]:
    held = Holding("127.0.0.1", 0)
    held.know(lambda _path: Rest(time.time(), ""))
    yield held
    await held.stop()


async def test_one_click_brings_it_back(
    page: JupyterPage, site: Site, server: JupyterServer, holding: Holding, asked: list[str], tmp_path: Path
) -> None:
    server.say("saved", resume=f"{asked[0]}/resume/sess-12345678.x")
    sessions = server.sessions()
    server.say("freezing", state="freezing")
    site.lead(holding.url)
    server.say("moved", state="fenced")
    server.stop()
    await page.banner("This session was put to rest, and saved at")
    assert "put to rest" in await page.announced()
    assert await page.violations(BANNER) == []
    await page.page.wait_for_selector(".sm-Status-button >> text=Session rests")
    await page.page.screenshot(path=tmp_path / "resting.png")

    await page.page.focus(f"{BANNER} .sm-Banner-action")
    await page.page.keyboard.press("Enter")
    await page.banner("is being brought back. This page goes on by itself")
    assert asked[1:] == ["/resume/sess-12345678.x"]

    target = site.launch()
    target.take_over(sessions)
    site.route(target)
    await page.banner("Your session has moved")
    await page.run(0, "print('goes on')")
    await page.output(0, "goes on")
    assert await page.dialogs() == []
    assert page.navigations == []


async def test_without_a_front_door_it_names_the_link(
    page: JupyterPage, site: Site, server: JupyterServer, holding: Holding
) -> None:
    site.lead(holding.url)
    server.kill()
    await page.banner("open its link again")
    assert await page.page.query_selector(f"{BANNER} .sm-Banner-action") is None
    holding.know(lambda _path: None)
    await page.banner("is being brought back")

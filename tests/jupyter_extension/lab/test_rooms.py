"""Documents that were kept in rooms (jupyter-collaboration): what was typed after the room went is written before the reload."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from playwright.async_api import Dialog

from tests.jupyter_extension.lab.page import BANNER, LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

TYPE = "text => window.jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.setSource(text)"
SAVE = "() => window.jupyterapp.shell.currentWidget.context.save()"
ROOMS = "jupyter_server_ydoc"


async def _move(page: JupyterPage, site: Site, server: JupyterServer, file: str) -> JupyterServer:
    """To a server where the notebook's file holds `file`; the user types on the way."""
    server.say("notice", notice={"cause": "drain", "deadline": time.time() + 30})
    server.say("freezing", state="freezing")
    await page.banner("Saving the session for its move")
    await page.eval(TYPE, "typed on the way")
    target = site.launch()
    (target.root / "a.ipynb").write_text(file)
    target.take_over(server.sessions())
    target.say("saved", rooms=ROOMS)
    site.route(target)
    server.say("moved", state="fenced")
    await page.banner("Documents that are edited together need this page to be loaded again")
    await page.page.wait_for_selector(".sm-Status-button >> text=Reload this page", timeout=LIMIT_MS)
    while not target.heard()["pages"]:  # before, the banner may still say once more that the server is away
        await asyncio.sleep(0.05)
    return target


async def _reload(page: JupyterPage) -> None:
    """By the banner's button; the browser does not ask whether to give up what was typed: it is written."""

    async def stay(dialog: Dialog) -> None:
        await dialog.dismiss()

    page.page.on("dialog", stay)
    async with page.page.expect_event("load", timeout=LIMIT_MS):
        await page.page.click(f"{BANNER} .sm-Banner-action")


async def test_what_was_typed_is_written_before_the_reload(
    page: JupyterPage, site: Site, server: JupyterServer
) -> None:
    server.say("saved", rooms=ROOMS)
    await page.eval(TYPE, "before")
    await page.eval(SAVE)
    target = await _move(page, site, server, (server.root / "a.ipynb").read_text())
    await _reload(page)
    written = json.loads((target.root / "a.ipynb").read_text())
    assert "".join(written["cells"][2]["source"]) == "typed on the way"
    assert list(target.root.glob("*typed at*")) == []
    assert page.navigations != []


async def test_a_file_that_others_changed_is_not_overwritten(
    page: JupyterPage, site: Site, server: JupyterServer
) -> None:
    server.say("saved", rooms=ROOMS)
    other = json.loads((server.root / "a.ipynb").read_text())
    other["cells"][0]["source"] = "another's"
    target = await _move(page, site, server, json.dumps(other))
    await _reload(page)
    assert json.loads((target.root / "a.ipynb").read_text()) == other
    (copy,) = target.root.glob("a (typed at *).ipynb")
    assert "".join(json.loads(copy.read_text())["cells"][2]["source"]) == "typed on the way"

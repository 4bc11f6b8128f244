"""What a user saves while the session is on its way reaches the target; what changed there is never overwritten."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.jupyter_extension.lab.page import JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

EDIT_AND_SAVE = """source => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  panel.content.widgets[2].model.sharedModel.setSource(source);
  window.saveStates = [];
  panel.context.saveState.connect((_, state) => window.saveStates.push(state));
  void panel.context.save().catch(() => undefined);
}"""
SAVED = "() => window.saveStates.includes('completed')"


def _source(server: JupyterServer) -> str:
    return str("".join(json.loads((server.root / "a.ipynb").read_text())["cells"][2]["source"]))


async def _settled(page: JupyterPage) -> None:
    """The notebook as it was opened is on the disk."""
    await page.eval("() => window.jupyterapp.shell.currentWidget.context.save()")


async def test_a_save_waits_for_the_target(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await _settled(page)
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session")
    await page.eval(EDIT_AND_SAVE, "kept = 1")
    await page.refusals(2)
    target = site.launch()
    shutil.copy2(server.root / "a.ipynb", target.root / "a.ipynb")
    target.take_over(sessions)
    site.route(target)
    await page.page.wait_for_function(SAVED)
    assert _source(target) == "kept = 1"
    assert await page.dialogs() == []


async def test_a_conflict_is_left_to_the_user(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await _settled(page)
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session")
    await page.eval(EDIT_AND_SAVE, "mine = 1")
    target = site.launch()
    theirs = (server.root / "a.ipynb").read_text().replace("print('again')", "print('theirs')")
    (target.root / "a.ipynb").write_text(theirs)
    target.take_over(sessions)
    site.route(target)
    await page.page.wait_for_selector(".jp-Dialog")
    assert "changed on disk" in "".join(await page.dialogs())
    assert (target.root / "a.ipynb").read_text() == theirs


async def test_a_save_during_the_freeze_waits(page: JupyterPage, server: JupyterServer) -> None:
    await _settled(page)
    server.say("freezing", state="freezing")
    await page.banner("Saving the session for its move")
    before = len(page.requests)
    await page.eval(EDIT_AND_SAVE, "late = 1")
    await page.eval("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert [url for url in page.requests[before:] if "/api/contents/" in url] == []
    server.say("clear", state="running", notice=None)
    await page.page.wait_for_function(SAVED)
    assert _source(server) == "late = 1"
    assert await page.dialogs() == []

"""A kernel that came back without its comms: what hung on them is not left looking alive."""

from __future__ import annotations

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

STOPPED = ".jp-OutputArea-output.sm-Stopped"
SLIDER = ".jp-NotebookPanel .widget-slider"
# The page's end of a comm of a kind that nobody here knows.
LISTEN = """() => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.ended = []; window.opened = [];
  kernel.registerCommTarget('test.kind', comm => { window.opened.push(comm.commId);
    comm.onClose = message => { window.ended.push(message.content.comm_id); }; }); }"""
OPEN = "from comm import create_comm; one = create_comm(target_name='test.kind')"


async def test_it_is_marked_or_closed(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await page.eval(LISTEN)
    await page.run(0, "import ipywidgets; ipywidgets.IntSlider()")
    await page.page.wait_for_selector(SLIDER, timeout=LIMIT_MS)
    await page.run(1, OPEN)
    await page.page.wait_for_function("() => window.opened.length === 1", timeout=LIMIT_MS)
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session")
    target = site.launch()
    target.take_over(sessions)
    site.route(target)

    await page.page.wait_for_selector(f"{STOPPED} .sm-Stopped-note >> text=Run its cell again", timeout=LIMIT_MS)
    assert await page.eval(f"() => document.querySelector('{SLIDER}').closest('[inert]') !== null")
    assert await page.violations(STOPPED) == []
    await page.page.wait_for_function("() => window.ended.length === 1", timeout=LIMIT_MS)
    assert await page.eval("() => window.ended[0] === window.opened[0]")

    await page.run(0, "import ipywidgets; ipywidgets.IntSlider()")
    await page.page.wait_for_selector(f"{SLIDER} .noUi-handle", timeout=LIMIT_MS)
    await page.page.wait_for_selector(STOPPED, state="detached", timeout=LIMIT_MS)

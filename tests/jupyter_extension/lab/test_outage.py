"""A page whose server goes: no dialog, no reload, and everything connected again as soon as the route leads on."""

from __future__ import annotations

import time

import pytest

from tests.jupyter_extension.lab.page import JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

WHERE = "import os; print(os.getcwd())"


async def _connected(page: JupyterPage) -> None:
    await page.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.connectionStatus === 'connected'",
        polling=20,
    )


async def test_machine_goes_without_a_word(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await page.run(0, WHERE)
    await page.output(0, str(server.root))
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session does not answer. Your page is safe")
    await page.refusals(3)
    target = site.launch()
    target.take_over(sessions)
    site.route(target)
    await _connected(page)
    await page.banner("Your session has moved")
    await page.run(1, WHERE)
    await page.output(1, str(target.root))
    assert await page.dialogs() == []
    assert page.navigations == []


HOLD = """() => { const later = window.setTimeout; window.held = []; window.setTimeout = (work, ms, ...rest) =>
  ms >= 10000 && ms <= 30000 ? window.held.push(() => work(...rest)) : later(work, ms, ...rest); }"""
TALK = "import time\nfor step in range(50): print(f'step {step}.', flush=True); time.sleep(0.1)"


async def test_late_news_of_a_broken_socket_does_not_break_the_next_one(
    page: JupyterPage, site: Site, server: JupyterServer
) -> None:
    """Jupyter asks for the kernel 10 to 30 s after the break, and would then connect once more, whatever is being said."""
    sockets: list[str] = []
    page.page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.eval(HOLD)
    sessions = server.sessions()
    server.kill()
    await page.refusals(3)
    target = site.launch()
    target.take_over(sessions)
    site.route(target)
    await page.banner("Your session has moved")
    await _connected(page)
    before = [url for url in sockets if "/channels" in url]
    await page.run(1, TALK)
    await page.output(1, "step 0.")
    asked = len(page.statuses)
    assert await page.eval("() => window.held.splice(0).map(work => work()).length")
    await page.output(1, "step 49.")
    assert [url for status, url in page.statuses[asked:] if status == 200 and "/api/kernels/" in url]
    for step in range(50):
        await page.output(1, f"step {step}.")
    assert [url for url in sockets if "/channels" in url] == before


async def test_planned_move_leaves_the_old_server_at_once(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    """The proxy keeps the old server's connections open; the page must not stay on them."""
    server.say("notice", notice={"cause": "drain", "deadline": time.time() + 30})
    server.say("freezing", state="freezing")
    await page.banner("Saving the session for its move")
    target = site.launch()
    target.take_over(server.sessions())
    server.say("fenced", state="fenced")
    await page.banner("The machine of this session is being replaced")
    assert server.heard()["pages"] == 1
    site.route(target)
    server.say("moved", state="fenced")
    await page.banner("Your session has moved")
    await page.run(0, WHERE)
    await page.output(0, str(target.root))
    assert server.heard()["pages"] == 0
    assert target.heard()["pages"] == 1
    assert await page.dialogs() == []
    assert page.navigations == []


LOOK = """async () => { const { kernels, sessions } = window.jupyterapp.serviceManager;
  await kernels.refreshRunning(); await sessions.refreshRunning(); }"""


async def test_target_is_still_restoring_when_the_route_leads_there(
    page: JupyterPage, site: Site, server: JupyterServer
) -> None:
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session")
    target = site.launch()
    target.say("report", state="restoring")
    site.route(target)
    await page.banner("being put back")
    await page.eval(LOOK)  # as Jupyter does every few seconds: the target has no kernels yet
    target.take_over(sessions)
    target.say("report", state="running", report={"at": time.time(), "snapshot": "c" * 32, "kernels": []})
    await page.banner("Everything came back")
    await _connected(page)
    await page.run(0, WHERE)
    await page.output(0, str(target.root))
    assert await page.dialogs() == []

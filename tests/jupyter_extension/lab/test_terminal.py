"""A terminal on the page goes on in the shell that the target opened under its name, without the back-off of most of a minute."""

from __future__ import annotations

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import TOKEN, JupyterServer, Site, call

pytestmark = pytest.mark.browser

OPEN = "() => { void window.jupyterapp.commands.execute('terminal:create-new'); }"
LINE = """() => [...window.jupyterapp.shell.widgets('main')].map(each => each.content?.session)
  .find(each => each?.send && each.connectionStatus && !each.kernel)"""


async def test_the_terminal_goes_on(page: JupyterPage, site: Site, server: JupyterServer, app: str) -> None:
    if app == "jupyterlab":
        await page.eval(OPEN)
    else:
        call(server.url + "api/terminals", "POST", {})
        await page.page.goto(f"{site.public}terminals/1?token={TOKEN}")
    await page.page.wait_for_selector(".jp-Terminal .xterm-helper-textarea", state="attached", timeout=LIMIT_MS)
    connected = f"() => ({LINE})()?.connectionStatus === 'connected'"
    await page.page.wait_for_function(connected, timeout=LIMIT_MS)
    server.kill()
    await page.banner("The machine of this session does not answer")
    target = site.launch()
    call(target.url + "api/terminals", "POST", {"name": "1", "cwd": str(target.root)})
    site.route(target)
    await page.banner("Your session has moved")
    await page.page.wait_for_function(connected, timeout=20_000)
    await page.eval(f"() => ({LINE})().send({{type: 'stdin', content: ['pwd > here.txt; sync\\r']}})")
    for _ in range(LIMIT_MS // 100):
        if (target.root / "here.txt").exists():
            break
        await page.page.wait_for_timeout(100)
    assert (target.root / "here.txt").read_text().strip() == str(target.root)
    assert await page.dialogs() == []

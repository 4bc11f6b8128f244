"""Takes the pictures of docs/user-guide.md from a real Lab: `python -m tests.jupyter_extension.lab.pictures`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from migrator.controller.holding import Holding
from migrator.controller.resting import Rest
from tests.jupyter_extension.lab.page import JupyterPage, opened
from tests.jupyter_extension.lab.site import ROOT, JupyterServer, Site
from tests.rigs.proxy import running_proxy

IMAGES = ROOT / "docs/images"
WORK = "import statistics\nrows = [20.1, 21.4, 19.8]\nprint(f'mean {statistics.mean(rows):.2f} °C')"
LOST = {
    "at": 0.0,
    "snapshot": "d" * 32,
    "kernels": [
        {
            "kernel": "k", "path": "a.ipynb", "saved": 12, "rerun": [{"cell": "cell-1", "execution_count": 7}],
            "lost": [{"name": "connection", "reason": "an open network connection", "execution_count": 3}],
        }
    ],
}  # fmt: skip


async def _picture(page: JupyterPage, name: str, height: int) -> None:
    clip = {"x": 0, "y": 0, "width": 1100, "height": height}
    await page.page.mouse.move(0, 699)
    await page.page.screenshot(path=IMAGES / f"{name}.png", clip=clip)


async def _notice(page: JupyterPage, server: JupyterServer) -> None:
    server.say("notice", notice={"cause": "preemption", "deadline": time.time() + 26})
    await page.banner("in 25 s")
    await _picture(page, "notice", 300)


async def _report(page: JupyterPage, server: JupyterServer) -> None:
    await page.eval("() => { window.jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount = 3; }")
    server.say("report", notice=None, state="running", report={**LOST, "at": time.time()})
    await page.banner("except for 1 thing")
    await page.page.click("#session-migrator-banner >> text=Show")
    await page.page.wait_for_selector("#session-migrator-panel >> text=an open network connection")
    await _picture(page, "report", 480)
    await page.page.click("#session-migrator-panel .sm-Panel-close")


async def _rest(page: JupyterPage, server: JupyterServer, site: Site) -> None:
    holding = Holding("127.0.0.1", 0)
    holding.know(lambda _path: Rest(time.time(), ""))
    server.say("clear", notice=None, report=None, resume="https://binder.example.org/resume/x")
    site.lead(holding.url)
    server.say("moved", state="fenced")
    await page.banner("was put to rest")
    await _picture(page, "resting", 300)
    await holding.stop()


async def _take(folder: Path) -> None:
    with running_proxy() as (public, api, _):
        site = Site(folder, public, api, "jupyterlab")
        server = site.launch()
        site.route(server)
        try:
            async with opened(site, "jupyterlab") as page:
                await page.run(0, WORK)
                await page.output(0, "mean")
                await _notice(page, server)
                await _report(page, server)
                await _rest(page, server, site)
        finally:
            site.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(_take(Path(scratch)))

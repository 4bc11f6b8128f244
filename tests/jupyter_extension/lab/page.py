"""What a test does with, and asks of, a page of Lab or of Notebook."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Page

from tests.jupyter_extension.lab.site import ROOT, TOKEN, JupyterServer, Site
from tests.rigs.browser import READY, WATCH_DIALOGS, running_browser

LIMIT_MS = 90_000
AXE = ROOT / "jupyter_extension/lab/node_modules/axe-core/axe.min.js"
# Notebook 7.6 by itself, at every start.
KNOWN_ERROR = "reading 'schema'"
BANNER = "#session-migrator-banner"
IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'

STANDS = """() => { const panel = window.jupyterapp.shell.currentWidget, context = panel.sessionContext;
  return {kernel: context.kernelDisplayStatus, connection: context.session?.kernel?.connectionStatus,
  id: context.session?.kernel?.id, dialog: document.querySelector('.jp-Dialog')?.textContent,
  cells: panel.content.widgets.map(cell => [cell.promptNode?.textContent, cell.model.sharedModel.getSource(),
  cell.model.outputs?.toJSON()])}; }"""
CAN_RUN = """() => window.jupyterapp.commands.isEnabled('notebook:run-cell')
  && window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'
  && window.jupyterapp.shell.currentWidget.node.contains(document.activeElement)"""


@dataclass
class JupyterPage:
    """A page with the notebook `a.ipynb` open."""

    page: Page
    navigations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)

    async def open(self, site: Site, app: str) -> None:
        """Until the notebook's kernel is idle."""
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("response", lambda response: self.statuses.append((response.status, response.url)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        path = "lab/tree/a.ipynb" if app == "jupyterlab" else "notebooks/a.ipynb"
        await self.page.goto(f"{site.public}{path}?token={TOKEN}")
        await self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=LIMIT_MS
        )
        await self.page.evaluate(READY)
        await self.page.wait_for_selector(f".jp-NotebookPanel {IDLE}", state="attached", timeout=LIMIT_MS)
        await self.page.evaluate("() => window.jupyterapp.shell.activateById(window.jupyterapp.shell.currentWidget.id)")
        await self.page.wait_for_function(CAN_RUN, timeout=LIMIT_MS)
        self.page.on("framenavigated", lambda frame: self.navigations.append(frame.url))

    def _note(self, error: str) -> None:
        if KNOWN_ERROR not in error:
            self.errors.append(error)

    async def refusals(self, count: int) -> None:
        """Wait until the page has been refused so many requests: an outage that it has noticed."""
        known = len(self.refused)
        async with asyncio.timeout(LIMIT_MS / 1000):
            while len(self.refused) < known + count:
                await asyncio.sleep(0.1)

    @property
    def refused(self) -> list[str]:
        return [url for status, url in self.statuses if status == 503 and "/api/" in url and "/migrator/" not in url]

    async def banner(self, text: str) -> None:
        """Wait until the banner says so."""
        await self.page.wait_for_function(
            f"text => {{ const b = document.querySelector('{BANNER}');"
            " return b && b.offsetHeight > 0 && b.textContent.includes(text); }",
            arg=text,
            timeout=LIMIT_MS,
        )

    async def no_banner(self) -> None:
        await self.page.wait_for_selector(BANNER, state="hidden", timeout=LIMIT_MS)

    async def announced(self) -> str:
        """What a screen reader was last told."""
        return str(await self.page.text_content(".sm-Live"))

    async def dialogs(self) -> list[str]:
        return list(await self.page.evaluate("() => window.seenDialogs"))

    async def run(self, index: int, source: str) -> None:
        """Run a cell with this source, without waiting."""
        await self.page.evaluate(
            """([index, source]) => { const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
            notebook.widgets[index].model.sharedModel.setSource(source); notebook.deselectAll();
            notebook.activeCellIndex = index; void app.commands.execute('notebook:run-cell'); }""",
            [index, source],
        )

    async def output(self, index: int, text: str) -> None:
        try:
            await self.page.wait_for_function(
                """([index, text]) => JSON.stringify(window.jupyterapp.shell.currentWidget.content.widgets[index]
                .model.outputs.toJSON()).includes(text)""",
                arg=[index, text],
                timeout=LIMIT_MS,
            )
        except Error as error:
            raise AssertionError(f"no {text!r} in cell {index}: {await self.story()}") from error

    async def story(self) -> str:
        """How things stand on the page, for whoever looks for a fault."""
        stands = await self.page.evaluate(STANDS)
        return json.dumps({**stands, "errors": self.errors[-5:], "requests": self.requests[-10:]}, indent=1)

    async def kernel_status(self) -> str:
        return str(
            await self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.connectionStatus"
            )
        )

    async def violations(self, selector: str) -> list[str]:
        """What axe-core finds wrong in a part of the page."""
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.add_script_tag(path=AXE)
        found = await self.page.evaluate("selector => axe.run(selector)", selector)
        assert found["passes"], f"axe looked at nothing in {selector}"
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]

    async def eval(self, script: str, arg: Any = None) -> Any:
        return await self.page.evaluate(script, arg)


@contextlib.asynccontextmanager
async def opened(site: Site, app: str, results: Path | None = None) -> AsyncIterator[JupyterPage]:
    """A page on the site's server, in a browser of its own."""
    async with running_browser() as browser:
        context = await browser.new_context(viewport={"width": 1100, "height": 700}, locale="en-GB")
        await context.add_init_script(WATCH_DIALOGS)
        page = JupyterPage(await context.new_page())
        try:
            await page.open(site, app)
            yield page
        finally:
            if results:
                await page.page.screenshot(path=results / "end.png")


async def begin_anew(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    """Lose the server, and lead the page to one whose kernels have the former ids and nothing in them."""
    sessions = server.sessions()
    server.kill()
    await page.banner("The machine of this session")
    target = site.launch()
    target.take_over(sessions)
    site.route(target)

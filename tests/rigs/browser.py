"""A real Chromium with a JupyterLab page in it, and what a test asks of such a page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT_MS = 120_000

# Runs in every document before anything else: remembers each dialog that ever appeared.
WATCH_DIALOGS = """
window.seenDialogs = [];
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes)
    if (node.nodeType === 1 && (node.matches(".jp-Dialog") || node.querySelector(".jp-Dialog")))
      window.seenDialogs.push(node.textContent);
}).observe(document, { childList: true, subtree: true });
"""
WATCH_BANNER = """
window.seenBanners = [];
new MutationObserver(() => {
  const banner = document.querySelector("#session-migrator-banner"), text = banner?.offsetHeight ? banner.textContent : "";
  if (text && text !== window.seenBanners.at(-1)) window.seenBanners.push(text);
}).observe(document, { childList: true, subtree: true, characterData: true });
"""

CELLS = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return notebook.widgets.map((cell) => ({
    source: cell.model.sharedModel.source,
    prompt: cell.inputArea?.promptNode?.textContent?.trim() ?? "",
    count: cell.model.executionCount ?? null,
    outputs: cell.model.outputs?.toJSON() ?? [],
  }));
}"""

ADD_CELL = """async (source) => {
  const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
  const at = notebook.widgets.length;
  notebook.model.sharedModel.insertCell(at, { cell_type: "code", source, metadata: { trusted: true } });
  notebook.activeCellIndex = at;
  return at;
}"""

RUN_CELL = """(index) => {
  const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  void app.commands.execute("notebook:run-cell");
}"""


READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === "idle";
}"""


@dataclass
class Cell:
    source: str
    prompt: str
    count: int | None
    outputs: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """All that it printed or returned."""
        parts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in self.outputs]
        return "".join("".join(part) for part in parts)

    @property
    def finished(self) -> bool:
        return self.count is not None and self.prompt == f"[{self.count}]:"


@dataclass
class Lab:
    """A JupyterLab page with a notebook open in it."""

    page: Page
    context: BrowserContext
    navigations: list[str] = field(default_factory=list)
    native_dialogs: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """Of the server behind the page, with a final slash."""
        parts = urlsplit(self.page.url)
        return f"{parts.scheme}://{parts.netloc}{re.split('/(?:lab|notebooks)(?:/|$)', parts.path)[0]}/"

    @property
    def user(self) -> str:
        return urlsplit(self.base_url).path.strip("/").split("/")[-1]

    async def open(self, link: str) -> None:
        """Follow a launch link until its notebook is there and its kernel idle."""
        self._watch()
        await self.page.goto(link, wait_until="commit")
        await self.arrive()

    async def arrive(self) -> None:
        """A page that is on its way to a session's notebook is there."""
        await self.page.wait_for_url(re.compile(r"/user/[^?]+/(lab|notebooks)"), wait_until="commit", timeout=LIMIT_MS)
        self._token = await self._launch_token()
        # Lab may load anew, into a workspace of its own: so this is asked by what bears that.
        restored = "() => window.jupyterapp?.restored.then(() => true)"
        await self.page.wait_for_function(restored, timeout=LIMIT_MS)
        await self.page.wait_for_function(READY, timeout=LIMIT_MS)
        await self.wait_for_kernel()

    async def change_to_notebook_7(self) -> None:
        """The notebook alone, in Jupyter Notebook in place of Lab."""
        path = await self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
        await self.command("docmanager:save")  # else the browser asks whether to leave it
        await self.page.goto(f"{self.base_url}notebooks/{path}?token={self._token}", wait_until="commit")
        await self.page.wait_for_function(READY, timeout=LIMIT_MS)
        await self.wait_for_kernel()

    async def _launch_token(self) -> str:
        """Lab takes the token out of its address, but keeps it in the page's configuration."""
        query = parse_qs(urlsplit(self.page.url).query)
        if "token" in query:
            return query["token"][0]
        await self.page.wait_for_selector("#jupyter-config-data", state="attached", timeout=LIMIT_MS)
        return str(json.loads(await self.page.text_content("#jupyter-config-data") or "{}")["token"])

    async def wait_for_kernel(self) -> None:
        """The indicator that a user sees says idle."""
        await self.page.wait_for_selector(
            '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator[data-status="idle"]',
            state="attached",
            timeout=LIMIT_MS,
        )

    def _watch(self) -> None:
        page = self.page
        page.on(
            "framenavigated", lambda frame: self.navigations.append(frame.url) if frame == page.main_frame else None
        )
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"error: {error}"))
        page.on("dialog", self._dismiss)

    async def _dismiss(self, dialog: Any) -> None:
        self.native_dialogs.append(dialog.message)
        await dialog.dismiss()

    async def cells(self) -> list[Cell]:
        return [Cell(**each) for each in await self.page.evaluate(CELLS)]

    async def add_cell(self, source: str) -> int:
        """A new cell at the end; its index."""
        return int(await self.page.evaluate(ADD_CELL, source))

    async def start_cell(self, index: int) -> None:
        await self.page.evaluate(RUN_CELL, index)

    async def run(self, source: str) -> str:
        """Run a new cell to its end; what it said."""
        index = await self.add_cell(source)
        await self.start_cell(index)
        return (await self.wait_for_cell(index)).text

    async def wait_for_cell(self, index: int) -> Cell:
        """Its prompt has a number."""
        script = f"(index) => /^\\[\\d+\\]:$/.test(({CELLS})()[index].prompt)"
        await self.page.wait_for_function(script, arg=index, timeout=LIMIT_MS)
        return (await self.cells())[index]

    async def wait_for_text(self, index: int, text: str) -> None:
        """A cell's output holds the text."""
        script = f"([index, text]) => JSON.stringify(({CELLS})()[index].outputs).includes(text)"
        await self.page.wait_for_function(script, arg=[index, text], timeout=LIMIT_MS)

    async def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """A command of the application, to its end."""
        script = "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }"
        await self.page.evaluate(script, [name, args or {}])

    async def dialogs(self) -> list[str]:
        """All that ever appeared in this document, native ones included."""
        return [*self.native_dialogs, *await self.page.evaluate("() => window.seenDialogs")]

    async def banners(self) -> list[str]:
        """All that the banner ever said in this document."""
        return list(await self.page.evaluate("() => window.seenBanners"))

    @property
    def token(self) -> str:
        """The server's, by which the page was opened."""
        return self._token

    @property
    def headers(self) -> dict[str, str]:
        """Of a request by the server's token."""
        return {"Authorization": f"token {self._token}"}

    async def api(self, path: str, *, method: str = "GET", body: Any = None, base: str | None = None) -> Any:
        """A call of the server's API by its token, not through the page; the answer's JSON."""
        response = await self.context.request.fetch(
            (base or self.base_url) + path,
            method=method,
            headers={**self.headers, "Content-Type": "application/json"},
            data=None if body is None else json.dumps(body),
        )
        assert response.ok, f"{method} {path}: {response.status} {await response.text()}"
        return await response.json()

    async def file(self, path: str) -> str:
        return str((await self.api(f"api/contents/{path}?type=file&format=text"))["content"])

    async def write_file(self, path: str, text: str) -> None:
        await self.api(f"api/contents/{path}", method="PUT", body={"type": "file", "format": "text", "content": text})


def chromium() -> str:
    """Debian's, since Playwright's own cannot be downloaded everywhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("no Chromium here: `apt-get install chromium`")
    return found


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def lab_page(results: Path) -> AsyncIterator[Lab]:
    """A page of its own; its console is kept in `results` at the end."""
    await asyncio.to_thread(results.mkdir, parents=True, exist_ok=True)
    async with running_browser() as browser:
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        await context.add_init_script(WATCH_DIALOGS + WATCH_BANNER)
        lab = Lab(await context.new_page(), context)
        try:
            yield lab
        finally:
            (results / "console.log").write_text("\n".join(lab.console))

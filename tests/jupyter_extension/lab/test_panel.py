"""The status item, the panel behind it and the report of a move."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.jupyter_extension.lab.page import BANNER, LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer

pytestmark = pytest.mark.browser

PANEL = "#session-migrator-panel"
STATUS = ".sm-Status-button"
KERNEL = "11111111-2222-3333-4444-555555555555"
SNAPSHOT = "d" * 32


def _report(**kernel: Any) -> dict[str, Any]:
    return {
        "at": time.time(),
        "snapshot": SNAPSHOT,
        "kernels": [{"kernel": KERNEL, "path": "a.ipynb", "saved": 12, **kernel}],
        "files": {"excluded": [{"path": "data.bin", "reason": "bigger than 1 GB"}]},
        "terminals": [{"name": "1", "lost": ["top"]}],
    }


async def _shows(page: JupyterPage, selector: str, text: str) -> None:
    await page.page.wait_for_selector(f"{selector} >> text={text}", timeout=LIMIT_MS)


async def _wait_for_call(page: JupyterPage, server: JupyterServer, path: str) -> dict[str, Any]:
    while True:
        for called, body in server.heard()["calls"]:
            if called == path:
                return dict(body)
        await page.page.wait_for_timeout(100)


async def test_status_item_and_panel_by_keyboard(page: JupyterPage, server: JupyterServer) -> None:
    kept = {"snapshot": SNAPSHOT, "at": time.time() - 60, "bytes_state": 9, "kernels": []}
    kept["kernels"] = [{"kernel": KERNEL, "path": "a.ipynb", "execution_count": 6}]
    server.say(
        "saved",
        saved={"snapshot": "e" * 32, "at": time.time(), "bytes_state": 1_200_000_000, "bytes_written": 4_000_000},
        covered=[{"kernel": KERNEL, "path": "a.ipynb", "names": 12, "bytes": 1_200_000_000}],
        at_risk=[{"kernel": KERNEL, "path": "a.ipynb", "name": "connection", "reason": "an open network connection"}],
        snapshots=[kept],
    )
    await _shows(page, STATUS, "Saved")
    await page.page.focus(STATUS)
    await page.page.keyboard.press("Enter")
    await _shows(page, PANEL, "1.2 GB, of which 4.0 MB were new")
    await _shows(page, PANEL, "an open network connection")
    await _shows(page, PANEL, "12 variables, 1.2 GB")
    await page.page.click(f"{PANEL} .sm-Panel-save")
    assert await _wait_for_call(page, server, "snapshot") == {}
    await page.page.click(f"{PANEL} >> text=before cell [7]")
    await page.page.click(".jp-Dialog >> text=Go back")
    undo = await _wait_for_call(page, server, f"kernels/{KERNEL}/undo")
    assert undo == {"snapshot": SNAPSHOT, "salvage": False}
    assert await page.violations(PANEL) == []
    assert await page.violations(".sm-Status") == []
    await page.page.focus(f"{PANEL} .sm-Panel-save")
    await page.page.keyboard.press("Escape")
    await page.page.wait_for_selector(PANEL, state="hidden")
    assert page.errors == []


async def test_report_of_losses(page: JupyterPage, server: JupyterServer) -> None:
    await page.eval("() => { window.jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount = 3; }")
    lost = {"name": "connection", "reason": "an open network connection", "execution_count": 3}
    rerun = [{"cell": "cell-0", "execution_count": 7}]
    server.say("report", report=_report(lost=[lost], rerun=rerun, salvage=True, missing=True))
    await page.banner("The session came back, except for 3 things.")
    assert await page.violations(BANNER) == []
    await page.page.focus(f"{BANNER} .sm-Banner-action")
    await page.page.keyboard.press("Enter")
    lost_text = "did not come back: an open network connection. It was set in cell [3]."
    missing_text = "The notebook is not here: it had been deleted."
    for text in (lost_text, missing_text, "Cell [7] was run again", "bigger than 1 GB", "top"):
        await _shows(page, PANEL, text)
    assert await page.violations(PANEL) == []
    await page.page.click(f"{PANEL} >> text=Run cell [3] again")
    await page.output(1, "again")
    await page.page.click(f"{PANEL} >> text=Stop it and take the variables so far")
    undo = await _wait_for_call(page, server, f"kernels/{KERNEL}/undo")
    assert undo == {"snapshot": SNAPSHOT, "salvage": True}
    await page.page.click(f"{PANEL} .sm-Report-dismiss")
    await page.no_banner()
    assert page.errors == []


async def test_saving_that_does_not_work_is_said(page: JupyterPage, server: JupyterServer) -> None:
    server.say("saved", problem="the store is full")
    await _shows(page, STATUS, "Saving does not work")
    await page.page.click(STATUS)
    await _shows(page, PANEL, "the store is full")
    assert await page.dialogs() == []


async def test_dark_theme_has_contrast(page: JupyterPage, server: JupyterServer) -> None:
    await page.eval("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    await page.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    server.say("report", report=_report(lost=[{"name": "connection", "reason": "an open network connection"}]))
    await page.banner("except for 3 things")
    await page.page.click(f"{BANNER} .sm-Banner-action")
    await _shows(page, PANEL, "did not come back")
    assert await page.violations(BANNER) == []
    assert await page.violations(PANEL) == []
    assert await page.violations(".sm-Status") == []


async def test_hidden_tab_counts_in_its_title(page: JupyterPage, server: JupyterServer) -> None:
    """A hidden page is hard to come by in a headless browser, so it is told that it is one."""
    await page.eval(
        "() => Object.defineProperty(document, 'hidden', {get: () => window.pretendHidden, configurable: true})"
    )
    title = await page.page.title()
    await page.eval("() => { window.pretendHidden = true; }")
    server.say("notice", notice={"cause": "drain", "deadline": time.time() + 300})
    await page.page.wait_for_function("() => /^\\([45]m\\) /.test(document.title)")
    assert await page.page.query_selector("link[rel=icon][href^='data:']") is not None
    await page.eval("() => { window.pretendHidden = false; document.dispatchEvent(new Event('visibilitychange')); }")
    assert await page.page.title() == title
    assert await page.page.query_selector("link[rel=icon][href^='data:']") is None

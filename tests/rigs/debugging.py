"""Jupyter's own debugger, as a user of a notebook handles and sees it."""

from __future__ import annotations

from playwright.async_api import Page

LIMIT_MS = 120_000
NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden)"
BUG = f"{NOTEBOOK} .jp-DebuggerBugButton"
STARTED = "[data-jp-debugger]"  # its button looks pressed before it is
PAUSED = f"{NOTEBOOK} .jp-DebuggerEditor-highlight"
TOLD = ".Toastify__toast >> text=The move switched the debugger off"
# Neither button nor breakpoints, neither a line nor a word that something stands still; nor anything in the side panel.
SHOWN_OFF = f"""() => document.querySelector('{BUG}').getAttribute('aria-pressed') === 'false'
  && !document.querySelector('.cm-breakpoint-icon, .jp-DebuggerEditor-highlight, .jp-DebuggerPausedOverlay')
  && !document.querySelector('.jp-DebuggerBreakpoint, .jp-DebuggerCallstackFrame')
  && !('jpDebuggerStoppedThreads' in document.body.dataset)"""
SET_SOURCE = """([index, source]) =>
  window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.setSource(source)"""
WIDE = {"width": 1800, "height": 900}
"""The debugger opens its side panel: on a narrower page its button would have no room any more in the notebook's toolbar."""


async def debug(page: Page, source: str, line: int, index: int = 0) -> None:
    """Switch it on, and set a breakpoint in a cell with this source."""
    await page.set_viewport_size(WIDE)
    await page.evaluate(SET_SOURCE, [index, source])
    await page.click(f"{BUG}[aria-disabled=false]", timeout=LIMIT_MS)
    await page.wait_for_selector(f"{NOTEBOOK}{STARTED}", timeout=LIMIT_MS)
    gutter = page.locator(f"{NOTEBOOK} .jp-Cell").nth(index).locator(".cm-breakpoint-gutter .cm-gutterElement")
    await gutter.nth(line).click(timeout=LIMIT_MS)  # the first one of a gutter is there to measure its width
    await page.wait_for_selector(".jp-DebuggerBreakpoint", state="attached", timeout=LIMIT_MS)

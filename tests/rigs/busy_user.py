"""A user who types into one cell of a page and runs another again and again, and how long each key and each run had to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.rigs.browser import LIMIT_MS, Lab

PAUSE_S = 0.05
KEY = "x"
# The time of an event is when the browser had the key, however long the page was too busy to hear of it.
TYPE_INTO = """async (index) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index);
  await notebook.widgets[index].ready;
  notebook.mode = "edit";
  notebook.widgets[index].editor.focus();
  const content = notebook.widgets[index].node.querySelector(".cm-content");
  const pressed = [];
  window.keyWaits = [];
  content.addEventListener("keydown", (event) => pressed.push(event.timeStamp), true);
  new MutationObserver(() => {
    const shown = content.textContent.length;
    while (window.keyWaits.length < shown && pressed.length)
      window.keyWaits.push((performance.now() - pressed.shift()) / 1000);
  }).observe(content, { childList: true, subtree: true, characterData: true });
}"""
# As `notebook:run-cell` does, but without taking the focus from the cell in which the user types.
RUN_AGAIN_AND_AGAIN = """([index, pause]) => {
  const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
  const { model, outputArea } = content.widgets[index];
  const run = async () => {
    const began = Date.now();
    const { kernel } = sessionContext.session;
    const future = kernel.requestExecute({ code: model.sharedModel.source }, false, { cellId: model.id });
    outputArea.future = future;
    await future.done;
    return [(Date.now() - began) / 1000, outputArea.model.toJSON().map((each) => String(each.text).trim())];
  };
  window.runs = [];
  window.running = true;
  window.ran = (async () => {
    while (window.running) {
      window.runs.push(await run());
      await new Promise((resolve) => setTimeout(resolve, 1000 * pause));
    }
  })();
}"""
DELETE = "(index) => window.jupyterapp.shell.currentWidget.content.model.sharedModel.deleteCell(index)"
STOP_RUNNING = "async () => { window.running = false; await window.ran; return window.runs; }"


@dataclass
class Served:
    """How long each keystroke and each run had to wait; filled at the end."""

    keys: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)


@contextlib.asynccontextmanager
async def busy_user(lab: Lab) -> AsyncIterator[Served]:
    """Somebody types into one cell and runs another again and again; what was typed and counted must be right at the end."""
    served = Served()
    await lab.run("count = 0")
    counting, typing = await lab.add_cell("count += 1; print(count)"), await lab.add_cell("")
    await lab.page.evaluate(TYPE_INTO, typing)
    await lab.page.evaluate(RUN_AGAIN_AND_AGAIN, [counting, PAUSE_S])
    over = asyncio.Event()
    keys = asyncio.create_task(_type(lab, over))
    try:
        yield served
    finally:
        over.set()
        pressed = await keys
    async with asyncio.timeout(LIMIT_MS / 1000):
        runs = await lab.page.evaluate(STOP_RUNNING)
    served.keys, served.runs = await lab.page.evaluate("() => window.keyWaits"), [wait for wait, _ in runs]
    assert (await lab.cells())[typing].source == KEY * pressed, "each key is there once"
    wrong = [(number, said) for number, (_, said) in enumerate(runs, 1) if said != [str(number)]]
    assert not wrong, f"each run took effect once: {wrong[:5]} of {len(runs)}"
    assert len(served.keys) == pressed
    await lab.page.evaluate(DELETE, typing)


async def _type(lab: Lab, over: asyncio.Event) -> int:
    """Press a key again and again; how often."""
    pressed = 0
    while not over.is_set():
        await lab.page.keyboard.press(KEY)
        pressed += 1
        await asyncio.sleep(PAUSE_S)
    return pressed

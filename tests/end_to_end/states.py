"""What a page may look like when its machine goes, and how it must look when the session is back."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.journey import QUEUED, Journey, long_cell
from tests.rigs.federation import wait_until

LIMIT_MS = 120_000
CURRENT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
HANDLE = f"{CURRENT} .widget-slider .noUi-handle"
TRACK = f"{CURRENT} .widget-slider .noUi-base"
SLIDER = """
import ipywidgets
slider = ipywidgets.IntSlider(value=3, max=10, description="n")
label = ipywidgets.Label("nothing yet")
moves = []
def moved(change):
    moves.append(change["new"])
    label.value = f"moved to {change['new']}"
slider.observe(moved, "value")
ipywidgets.VBox([slider, label])
"""
EDITOR = """() => {
  const editor = [...(window.jupyterapp?.shell.widgets("main") ?? [])].find((each) => each.context?.path === "kept.txt");
  return [editor?.context.model.toString() ?? "", editor?.context.model.dirty ?? false];
}"""
SAVE_ALL = "() => window.jupyterapp.commands.execute('docmanager:save-all').then(() => null)"


@dataclass
class State(ABC):
    """`prepare` puts the page into it; `holds` is what must be true when the session is back."""

    journey: Journey
    index: int = -1
    seen: dict[str, Any] = field(default_factory=dict)

    @abstractmethod
    async def prepare(self) -> None: ...

    @abstractmethod
    async def holds(self) -> None: ...

    @property
    def page(self) -> Any:
        return self.journey.lab.page

    async def start(self, source: str) -> int:
        index = await self.journey.lab.add_cell(source)
        await self.journey.lab.start_cell(index)
        return index

    async def checkpointed(self, count: int) -> None:
        """Until a snapshot in the background holds so many cells."""

        async def saved() -> bool:
            kept = (await self.journey.lab.api("migrator/api/v1/snapshots"))["snapshots"]
            return any(each["execution_count"] == count for each in kept[0]["kernels"]) if kept else False

        await wait_until(saved, 60, lambda: f"no background snapshot holds {count} cells")

    async def slide(self) -> None:
        """Draw a slider from 0 to 10 on by one, with the mouse: in Notebook 7 the arrow keys are the notebook's."""
        handle = self.page.locator(HANDLE)
        await handle.scroll_into_view_if_needed(timeout=LIMIT_MS)
        box, track = await handle.bounding_box(), await self.page.locator(TRACK).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await self.page.mouse.move(x, y)
        await self.page.mouse.down()
        await self.page.mouse.move(x + track["width"] / 10, y, steps=3)
        await self.page.mouse.up()

    async def text_once(self, index: int, text: str) -> None:
        cell = await self.journey.lab.wait_for_cell(index)
        assert cell.text == text

    async def whole_steps(self, index: int) -> None:
        """The output of the long cell, neither torn nor doubled."""
        await self.journey.lab.wait_for_text(index, "step 1")
        await self.journey.lab.write_file("go", "")
        steps = re.findall(r"step (\d+)", (await self.journey.lab.wait_for_cell(index)).text)
        assert [int(step) for step in steps] == list(range(len(steps)))


class Idle(State):
    """Nothing runs; everything is saved."""

    async def prepare(self) -> None:
        pass

    async def holds(self) -> None:
        await self.text_once(await self.start("counter += 1; counter"), "42")


class Running(State):
    """One cell runs."""

    async def prepare(self) -> None:
        self.index = await self.start(long_cell())
        await self.journey.lab.wait_for_text(self.index, "step 3")

    async def holds(self) -> None:
        await self.whole_steps(self.index)
        await self.text_once(await self.start("counter, long_steps > 0"), "(41, True)")


class Queued(State):
    """One cell runs, two wait behind it."""

    async def prepare(self) -> None:
        self.index = await self.start(long_cell())
        self.seen["queued"] = [await self.start(source) for source in QUEUED]
        await self.journey.lab.wait_for_text(self.index, "step 3")

    async def holds(self) -> None:
        await self.whole_steps(self.index)
        first, second = self.seen["queued"]
        await self.text_once(first, "queued 42\n")
        await self.text_once(second, f"sum {sum(n * n for n in range(1000)) + 42}\n")


class Unsaved(State):
    """Edits in the notebook and in a text editor that nobody has saved."""

    async def prepare(self) -> None:
        editor = self.seen["editor"] = await self.journey.open_editor("kept.txt")
        await editor.wait_for_function(f"() => ({EDITOR})()[0] !== ''", timeout=LIMIT_MS)
        await editor.click(".jp-FileEditor:not(.lm-mod-hidden) .cm-content")
        await editor.keyboard.press("Control+A")
        await editor.keyboard.type("typed and not saved")
        assert await editor.evaluate(EDITOR) == ["typed and not saved", True]
        await self.journey.show_notebook()
        self.index = await self.journey.lab.add_cell("'not saved either'")

    async def holds(self) -> None:
        lab, editor = self.journey.lab, self.seen["editor"]
        assert await editor.evaluate(EDITOR) == ["typed and not saved", True]
        assert (await lab.cells())[self.index].source == "'not saved either'"
        for page in {lab.page, editor}:
            await page.evaluate(SAVE_ALL)

        async def written() -> bool:
            notebook = await lab.api("api/contents/index.ipynb")
            return "not saved either" in json.dumps(notebook["content"])

        await wait_until(written, 60, lambda: "the notebook was not written")
        assert await lab.file("kept.txt") == "typed and not saved"
        await lab.write_file("kept.txt", "written before the move")
        assert await editor.evaluate("() => window.seenDialogs") == []


class Widget(State):
    """A slider with a callback on screen."""

    async def prepare(self) -> None:
        self.index = await self.start(SLIDER)
        await self.journey.lab.wait_for_cell(self.index)
        await self.page.wait_for_selector(HANDLE, timeout=LIMIT_MS)
        await self.slide()
        await self._shows("moved to 4")
        await self.checkpointed(4)

    async def holds(self) -> None:
        await self.slide()
        await self._shows("moved to 5")
        await self.text_once(await self.start("moves"), "[4, 5]")
        await self.journey.lab.wait_for_cell(await self.start("slider.value = 8"))
        await self.page.wait_for_selector(f"{CURRENT} .widget-readout >> text=8", timeout=LIMIT_MS)
        await self._shows("moved to 8")
        assert await self.page.locator(HANDLE).count() == 1, "it is shown once"

    async def _shows(self, text: str) -> None:
        await self.page.wait_for_selector(f"{CURRENT} .widget-label >> text={text}", timeout=LIMIT_MS)


class Asking(State):
    """A question stands on the page, half answered; an earlier one of the same cell was answered."""

    BOX = f"{CURRENT} .jp-Stdin-input"

    async def prepare(self) -> None:
        self.index = await self.start('first = input("first? "); second = input("second? "); print(first, second)')
        await self._answer("one")
        await self.page.wait_for_function(
            f"() => document.querySelector('{CURRENT} .jp-Stdin')?.textContent.includes('second?')", timeout=LIMIT_MS
        )
        await self.page.fill(self.BOX, "tw")

    async def holds(self) -> None:
        assert await self.page.locator(self.BOX).count() == 1, "the question is asked once"
        assert await self.page.input_value(self.BOX) == "tw"
        await self.page.focus(self.BOX)
        await self.page.keyboard.press("End")
        await self.page.keyboard.type("o")
        await self.page.keyboard.press("Enter")
        cell = await self.journey.lab.wait_for_cell(self.index)
        assert cell.text.endswith("one two\n")
        assert cell.text.count("one two") == 1

    async def _answer(self, text: str) -> None:
        await self.page.wait_for_selector(self.BOX, timeout=LIMIT_MS)
        await self.page.fill(self.BOX, text)
        await self.page.press(self.BOX, "Enter")


STATES: dict[str, type[State]] = {
    "idle": Idle,
    "running": Running,
    "queued": Queued,
    "unsaved": Unsaved,
    "widget": Widget,
    "asking": Asking,
}

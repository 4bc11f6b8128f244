"""Things that live on a page: how each gets there, and how one sees that it still lives."""

from __future__ import annotations

import re

from tests.end_to_end.states import CURRENT, LIMIT_MS, State
from tests.rigs.debugging import PAUSED, SHOWN_OFF, TOLD, debug

LISTEN = """() => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.ended = []; window.opened = [];
  kernel.registerCommTarget('test.kind', comm => { window.opened.push(comm.commId);
    comm.onClose = () => { window.ended.push(comm.commId); }; }); }"""
TURNS = """
from IPython.display import clear_output
turn = 0
while not pathlib.Path("go").exists():
    clear_output(wait=True)
    print("turn", turn, flush=True)
    turn += 1
    time.sleep(0.2)
"""
COUNTER = '''
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      const button = document.createElement("button"); button.className = "any-counter";
      const show = () => { button.textContent = `count ${model.get("value")}`; };
      button.onclick = () => { model.set("value", model.get("value") + 1); model.save_changes(); };
      model.on("change:value", show); show(); el.append(button); } }"""
    value = traitlets.Int(0).tag(sync=True)
any_counter = Counter()
any_counter
'''
INTERACT = """
import ipywidgets
from IPython.display import display
tried = []
def square(n=3):
    tried.append(n)
    print("square", n * n)
control = ipywidgets.interactive(square, n=(0, 10))
control.add_class("widget-interact")
twin = ipywidgets.IntText()
ipywidgets.link((control.children[0], "value"), (twin, "value"))
shown = ipywidgets.Output()
shown.add_class("sm-test-shown")
button = ipywidgets.Button(description="print")
def pressed(_):
    with shown:
        print("pressed at", tried)
button.on_click(pressed)
display(control, twin, button, shown)
"""
BAR = """
from tqdm.notebook import tqdm
bar = tqdm(total=10, desc="work")
bar.update(3)
bar.refresh()
"""
FIGURE = """
%matplotlib widget
import matplotlib.pyplot as plt
figure, axes = plt.subplots(num="curve")
line, = axes.plot([1, 2, 3])
plt.show()
"""
SPHERES = """
import plotly.graph_objects as go
spheres = go.FigureWidget(data=[go.Scatter(y=[1, 2, 3], name="first")], layout={"title": "before"})
spheres
"""


class Thing(State):
    """A cell or two have put it on the page before the move."""

    count = 3

    async def saved(self) -> None:
        """So that the move has nothing to run again, unless the thing is a running cell."""
        await self.checkpointed(self.count + 1)

    async def run(self, source: str) -> int:
        index = await self.start(source)
        await self.journey.lab.wait_for_cell(index)
        self.count = (await self.journey.lab.cells())[index].count or 0
        return index

    async def text_of(self, index: int) -> str:
        return (await self.journey.lab.cells())[index].text

    async def appears(self, selector: str) -> None:
        await self.page.wait_for_selector(f"{CURRENT} {selector}", timeout=LIMIT_MS)

    async def says(self, source: str, text: str) -> None:
        """A new cell's last line."""
        await self.text_once(await self.start(source), text)


class Display(Thing):
    """A display with an id is updated where it stands, by a cell that runs after the move."""

    async def prepare(self) -> None:
        self.index = await self.run('from IPython.display import display\nhandle = display("first", display_id=True)')

    async def holds(self) -> None:
        assert await self.text_of(self.index) == "'first'"
        await self.journey.lab.wait_for_cell(await self.start('handle.update("second")'))
        await self.journey.lab.wait_for_text(self.index, "second")
        assert await self.text_of(self.index) == "'second'"


class Cleared(Thing):
    """A running cell that clears its output again and again shows its last line, once."""

    async def prepare(self) -> None:
        self.index = await self.start(TURNS)
        await self.journey.lab.wait_for_text(self.index, "turn 5")

    async def saved(self) -> None:
        """It runs."""

    async def holds(self) -> None:
        await self.journey.lab.wait_for_text(self.index, "turn")
        await self.journey.lab.write_file("go", "")
        text = (await self.journey.lab.wait_for_cell(self.index)).text
        assert re.fullmatch(r"turn \d+\n", text)
        await self.says("turn - 1", text.split()[1])


class UnknownComm(Thing):
    """A comm of a kind that nobody has a rule for goes on under its id, or whoever opened it hears that it ended."""

    async def prepare(self) -> None:
        await self.page.evaluate(LISTEN)
        await self.run("from comm import create_comm\none = create_comm(target_name='test.kind')")
        await self.page.wait_for_function("() => window.opened.length === 1", timeout=LIMIT_MS)

    async def holds(self) -> None:
        known = "one.comm_id in get_ipython().kernel.comm_manager.comms if 'one' in globals() else False"
        index = await self.start(known)
        lives = (await self.journey.lab.wait_for_cell(index)).text == "True"
        if not lives:
            await self.page.wait_for_function("() => window.ended[0] === window.opened[0]", timeout=LIMIT_MS)
        else:
            assert await self.page.evaluate("() => window.ended") == []


class AnyWidget(Thing):
    """A widget whose class stands in the notebook, with its script in it."""

    async def prepare(self) -> None:
        await self.run(COUNTER)
        await self.appears(".any-counter >> text=count 0")
        await self.page.click(f"{CURRENT} .any-counter")
        await self.run("any_counter.value")

    async def holds(self) -> None:
        await self.page.click(f"{CURRENT} .any-counter")
        await self.appears(".any-counter >> text=count 2")
        await self.says("any_counter.value", "2")
        await self.journey.lab.wait_for_cell(await self.start("any_counter.value = 40"))
        await self.appears(".any-counter >> text=count 40")


class Interact(Thing):
    """What `interact` makes of a function, sliders that are linked, and a button that prints into an Output."""

    async def prepare(self) -> None:
        await self.run(INTERACT)
        await self.appears(".widget-output >> text=square 9")
        await self.slide()
        await self._shows("square 16", "4", "pressed at [3, 4]")
        await self.run("tried")

    async def holds(self) -> None:
        await self.slide()
        await self._shows("square 25", "5", "pressed at [3, 4]pressed at [3, 4, 5]")
        await self.journey.lab.wait_for_cell(await self.start("twin.value = 2"))
        await self._shows("square 4", "2", "pressed at [3, 4]pressed at [3, 4, 5]pressed at [3, 4, 5, 2]")
        await self.says("tried", "[3, 4, 5, 2]")
        shown = [await self.page.locator(f"{CURRENT} {each}").count() for each in (".widget-slider", ".jupyter-button")]
        assert shown == [1, 1], "each is shown once"

    async def _shows(self, result: str, twin: str, printed: str) -> None:
        """The function's last output and no other, the linked number; then the button prints."""
        script = """([result, twin]) => { const [first] = document.querySelectorAll('.widget-interact .widget-output');
          return first?.innerText.trim() === result
            && document.querySelector('.widget-text input[type=number]').value === twin; }"""
        await self.page.wait_for_function(script, arg=[result, twin], timeout=LIMIT_MS)
        await self.page.click(f"{CURRENT} .jupyter-button")
        script = "text => document.querySelector('.sm-test-shown').innerText.replaceAll('\\n', '') === text"
        await self.page.wait_for_function(script, arg=printed, timeout=LIMIT_MS)


class Tqdm(Thing):
    """A bar that was under way is moved on by the next cell."""

    async def prepare(self) -> None:
        await self.run(BAR)
        await self.appears(".jupyter-widgets >> text=3/10")

    async def holds(self) -> None:
        await self.journey.lab.wait_for_cell(await self.start("bar.update(4); bar.refresh()"))
        await self.appears(".jupyter-widgets >> text=7/10")


class Ipympl(Thing):
    """A figure of matplotlib's that is a widget: what the kernel draws shows on the page."""

    CANVAS = f"{CURRENT} .jupyter-matplotlib-canvas-container canvas"
    PICTURE = f"document.querySelector('{CANVAS}')?.toDataURL()"
    DRAWN = f"""() => {{ const canvas = document.querySelector('{CANVAS}');
      return canvas && canvas.toDataURL() !== canvas.cloneNode().toDataURL(); }}"""

    async def prepare(self) -> None:
        await self.run(FIGURE)
        await self.page.wait_for_function(self.DRAWN, timeout=LIMIT_MS)
        await self.run("list(line.get_ydata())")

    async def holds(self) -> None:
        drawn = await self.page.evaluate(f"() => {self.PICTURE}")
        change = "line.set_ydata([3, 2, 1]); axes.set_title('after'); figure.canvas.draw()"
        await self.journey.lab.wait_for_cell(await self.start(change))
        await self.page.wait_for_function(f"drawn => {self.PICTURE} !== drawn", arg=drawn, timeout=LIMIT_MS)
        await self.says("figure.canvas.manager is not None, list(line.get_ydata())", "(True, [3, 2, 1])")
        assert await self.page.locator(f"{CURRENT} .sm-Stopped").count() == 0


class Plotly(Thing):
    """A FigureWidget: what the kernel changes shows on the page."""

    async def prepare(self) -> None:
        await self.run(SPHERES)
        await self.appears(".js-plotly-plot >> text=before")

    async def holds(self) -> None:
        await self.journey.lab.wait_for_cell(await self.start("spheres.layout.title.text = 'after'"))
        await self.appears(".js-plotly-plot >> text=after")
        await self.says("spheres.data[0].name", "'first'")
        assert await self.page.locator(f"{CURRENT} .sm-Stopped").count() == 0


class Paused(Thing):
    """A cell stands at a breakpoint: it runs on without the debugger, which is off and says so."""

    SOURCE = "for number in range(3):\n    print('number', number)"

    async def prepare(self) -> None:
        self.index = await self.journey.lab.add_cell(self.SOURCE)
        await debug(self.page, self.SOURCE, line=2, index=self.index)
        await self.journey.lab.start_cell(self.index)
        await self.page.wait_for_selector(PAUSED, timeout=LIMIT_MS)

    async def saved(self) -> None:
        """It runs."""

    async def holds(self) -> None:
        await self.text_once(self.index, "number 0\nnumber 1\nnumber 2\n")
        await self.page.wait_for_selector(TOLD, timeout=LIMIT_MS)
        await self.page.wait_for_function(SHOWN_OFF, timeout=LIMIT_MS)
        await self.says("number, counter", "(2, 41)")


THINGS: dict[str, type[Thing]] = {
    "display": Display,
    "clear_output": Cleared,
    "comm": UnknownComm,
    "anywidget": AnyWidget,
    "interact": Interact,
    "tqdm": Tqdm,
    "ipympl": Ipympl,
    "plotly": Plotly,
    "paused": Paused,
}

"""A kernel that came back without its comms: what hung on them is not left looking alive, wherever it is shown."""

from __future__ import annotations

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage, begin_anew
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

OUTPUT = ".jp-OutputArea-output"
NOTE = ".sm-Stopped-note >> text=Run its cell again"
SLIDER = ".jp-NotebookPanel .widget-slider"
# The page's end of a comm of a kind that nobody here knows.
LISTEN = """() => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.ended = []; window.opened = [];
  kernel.registerCommTarget('test.kind', comm => { window.opened.push(comm.commId);
    comm.onClose = message => { window.ended.push(message.content.comm_id); }; }); }"""
OPEN = "from comm import create_comm; one = create_comm(target_name='test.kind')"
INERT = "each => each.closest('[inert]') !== null"
INERT_ALL = f"all => all.length > 3 && all.every({INERT})"
LINKED_VIEW = ".jp-LinkedOutputView"
LINKED = """() => { const { content } = window.jupyterapp.shell.currentWidget; content.activeCellIndex = 0;
  return window.jupyterapp.commands.execute('notebook:create-output-view').then(() => null); }"""
PRINTED = """() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.outputs.toJSON()
  .find(each => each.output_type === 'stream').text.toString().trim()"""
NESTED = """import ipywidgets
shown = ipywidgets.Output()
slider = ipywidgets.IntSlider(description="boxed")
display(ipywidgets.Accordion([ipywidgets.HBox([slider, ipywidgets.Text(description="beside")])], selected_index=0), shown)
with shown:
    display(ipywidgets.IntSlider(description="printed"))
print(slider.model_id)"""
# The restored kernel knows all of its comms but one.
KNOWS_ALL_BUT = """model => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const comms = Object.fromEntries([...kernel._comms.keys()].filter(id => id !== model).map(id => [id, {}]));
  kernel.requestCommInfo = async () => ({ content: { status: 'ok', comms } }); }"""
CONSOLE = """async code => { const app = window.jupyterapp;
  const panel = await app.commands.execute('console:create', { path: 'console', kernelPreference: { name: 'python3' } });
  await panel.sessionContext.ready; await panel.console.inject(code); }"""
SHOW = "() => { const app = window.jupyterapp; app.shell.activateById([...app.shell.widgets('main')][0].id); }"


async def test_it_is_marked_or_closed(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await page.eval(LISTEN)
    await page.run(0, "import ipywidgets; ipywidgets.IntSlider()")
    await page.page.wait_for_selector(SLIDER, timeout=LIMIT_MS)
    await page.run(1, OPEN)
    await page.page.wait_for_function("() => window.opened.length === 1", timeout=LIMIT_MS)
    await begin_anew(page, site, server)

    await page.page.wait_for_selector(NOTE, timeout=LIMIT_MS)
    assert await page.page.eval_on_selector(SLIDER, INERT)
    assert await page.violations(f"{OUTPUT}:has(.sm-Stopped)") == []
    await page.page.wait_for_function("() => window.ended.length === 1", timeout=LIMIT_MS)
    assert await page.eval("() => window.ended[0] === window.opened[0]")

    await page.run(0, "import ipywidgets; ipywidgets.IntSlider()")
    await page.page.wait_for_selector(f"{SLIDER} .noUi-handle", timeout=LIMIT_MS)
    await page.page.wait_for_selector(".sm-Stopped", state="detached", timeout=LIMIT_MS)


async def test_widgets_in_widgets_and_in_outputs_are_marked_too(
    page: JupyterPage, site: Site, server: JupyterServer
) -> None:
    await page.run(0, NESTED)
    for name in ("boxed", "printed"):
        await page.page.wait_for_selector(f"{SLIDER} >> text={name}", timeout=LIMIT_MS)
    await begin_anew(page, site, server)

    await page.page.wait_for_selector(NOTE, timeout=LIMIT_MS)
    assert await page.page.eval_on_selector_all(f"{SLIDER}, .widget-text, .jupyter-widget-Accordion", INERT_ALL) is True
    assert await page.page.locator(".sm-Stopped .sm-Stopped").count() == 0


async def test_only_what_stopped_is_marked(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await page.run(0, NESTED)
    await page.page.wait_for_selector(f"{SLIDER} >> text=printed", timeout=LIMIT_MS)
    model = await page.eval(PRINTED)
    await page.eval(KNOWS_ALL_BUT, model)
    await begin_anew(page, site, server)

    await page.page.wait_for_selector(NOTE, timeout=LIMIT_MS)
    stopped = page.page.locator(".sm-Stopped")
    assert await stopped.count() == 1
    assert "boxed" in str(await stopped.text_content())
    assert not await page.page.eval_on_selector(".widget-text", INERT)


async def test_views_elsewhere_are_marked_and_those_opened_later(
    page: JupyterPage, site: Site, server: JupyterServer, app: str
) -> None:
    if app == "notebook":
        pytest.skip("Notebook 7 has one document on a page")
    await page.run(0, "import ipywidgets; ipywidgets.IntSlider(description='first')")
    await page.page.wait_for_selector(f"{SLIDER} >> text=first", timeout=LIMIT_MS)
    await page.eval(LINKED)
    await page.page.wait_for_selector(f"{LINKED_VIEW} .widget-slider", timeout=LIMIT_MS)
    await page.eval(CONSOLE, "import ipywidgets; ipywidgets.IntSlider(description='second')")
    await page.page.wait_for_selector(".jp-CodeConsole .widget-slider", timeout=LIMIT_MS)
    await page.eval(SHOW)
    await begin_anew(page, site, server)

    for place in (".jp-NotebookPanel", LINKED_VIEW, ".jp-CodeConsole"):
        await page.page.wait_for_selector(f"{place} .sm-Stopped-note", state="attached", timeout=LIMIT_MS)
        assert await page.page.eval_on_selector(f"{place} .widget-slider", INERT)
    await page.eval(LINKED)
    await page.page.wait_for_function(f"() => document.querySelectorAll('{LINKED_VIEW} .sm-Stopped-note').length === 2")

"""What the page does beside telling: it moves nothing, counts down to cullers, and calls only whom it may."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest

from tests.jupyter_extension.lab.page import BANNER, LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser

PANEL = "#session-migrator-panel"
STATUS = ".sm-Status-button"
PARTS = (
    ".jp-NotebookPanel, .jp-NotebookPanel-toolbar, .jp-Cell, #jp-MainMenu, #jp-top-panel, #menu-panel, #main-panel,"
    " #jp-main-statusbar"
)
BOXES = """parts => [...document.querySelectorAll(parts)].map(each => {
  const box = each.getBoundingClientRect();
  return [each.className, box.x, box.y, box.width, box.height];
})"""
PRETEND_HIDDEN = """() => { Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});
  window.calls = []; window.permission = 'default'; window.questions = 0;
  window.Notification = class { constructor(title, options) { window.calls.push(options.body); }
    static get permission() { return window.permission; }
    static async requestPermission() { window.questions += 1; window.permission = 'granted'; return 'granted'; } close() {} }; }"""


async def _told(page: JupyterPage, server: JupyterServer, path: str) -> None:
    for _ in range(LIMIT_MS // 100):
        if any(called == path for called, _ in server.heard()["calls"]):
            return
        await page.page.wait_for_timeout(100)
    pytest.fail(f"the page did not call {path}")


async def test_nothing_moves_when_the_banner_comes_and_goes(page: JupyterPage, server: JupyterServer) -> None:
    before = await page.eval(BOXES, PARTS)
    assert len(before) > 5
    server.say("notice", notice={"cause": "preemption", "deadline": time.time() + 300})
    await page.banner("moves to another machine")
    assert await page.eval(BOXES, PARTS) == before
    covered = await page.eval(f"""() => {{ const box = document.querySelector('{BANNER}').getBoundingClientRect();
      const menu = document.querySelector('.lm-MenuBar-content').getBoundingClientRect();
      return [box.left >= menu.right, box.top >= menu.top - 1, box.bottom <= menu.bottom + 2, box.width > 300]; }}""")
    assert covered == [True] * 4
    await page.page.set_viewport_size({"width": 800, "height": 600})
    assert await page.eval(f"() => document.querySelector('{BANNER}').offsetWidth") > 150
    assert await page.violations(BANNER) == []
    server.say("clear", notice=None)
    await page.no_banner()


async def test_nobody_else_is_asked_anything(page: JupyterPage, server: JupyterServer, site: Site) -> None:
    server.say("notice", notice={"cause": "preemption", "deadline": time.time() + 300})
    await page.banner("moves to another machine")
    await page.page.click(STATUS)
    await page.page.wait_for_selector(PANEL, timeout=LIMIT_MS)
    host = urlsplit(site.public).netloc
    others = [url for url in page.requests if urlsplit(url).netloc != host and not url.startswith(("data:", "blob:"))]
    assert others == []
    assert len(page.requests) > 10


async def test_i_am_here_keeps_an_idle_session(page: JupyterPage, server: JupyterServer) -> None:
    server.say("limits", limits={"idle": time.time() + 3600, "age": time.time() + 7200})
    await page.no_banner()
    server.say("limits", limits={"idle": time.time() + 300, "age": time.time() + 7200})
    await page.banner("Nobody has used this session for a while. In 5 min it is saved and put to rest.")
    await page.page.wait_for_selector(f"{STATUS} >> text=Rests in 5 min", timeout=LIMIT_MS)
    await page.eval(f"() => {{ document.querySelector('{BANNER} .sm-Banner-action').dataset.test = 'the same' }}")
    server.say("limits", limits={"idle": time.time() + 50, "age": time.time() + 7200})
    await page.banner(" s it is saved and put to rest.")
    await page.page.wait_for_selector(f"{BANNER} .sm-Banner-action[data-test='the same']", timeout=LIMIT_MS)
    await page.page.focus(f"{BANNER} .sm-Banner-action")
    await page.page.keyboard.press("Enter")
    await _told(page, server, "here")
    server.say("limits", limits={"idle": time.time() + 3600, "age": time.time() + 120})
    await page.banner("maximum age. In 2 min it is saved and put to rest.")
    assert await page.page.query_selector(f"{BANNER} .sm-Banner-action") is None
    assert page.errors == []


async def test_a_hidden_tab_calls_its_user_only_if_asked_to(page: JupyterPage, server: JupyterServer) -> None:
    await page.eval(PRETEND_HIDDEN)
    notice = {"cause": "drain", "deadline": time.time() + 2000}
    server.say("notice", notice=notice)
    await page.banner("moves to another machine")
    assert await page.eval("() => [window.calls, window.questions]") == [[], 0]
    await page.page.click(STATUS)
    await page.page.click(f"{PANEL} >> text=Notify me while this tab is hidden")
    await page.page.wait_for_selector(f"{PANEL} >> text=Do not notify me any more", timeout=LIMIT_MS)
    assert await page.eval("() => window.questions") == 1
    server.say("notice", notice={"cause": "preemption", "deadline": time.time() + 200})
    await page.page.wait_for_function("() => window.calls.length > 0", timeout=LIMIT_MS)
    (call,) = await page.eval("() => window.calls")
    assert "the cloud takes this machine back" in call
    await page.page.click(f"{PANEL} >> text=Do not notify me any more")
    server.say("freezing", state="freezing")
    server.say("clear", state="running", notice={"cause": "memory", "deadline": time.time() + 100})
    await page.banner("memory runs short")
    assert await page.eval("() => window.calls.length") == 1
    assert await page.violations(PANEL) == []

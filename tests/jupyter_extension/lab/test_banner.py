"""What the banner says in each phase, in a real Lab and a real Notebook."""

from __future__ import annotations

import time

import pytest

from tests.jupyter_extension.lab.page import BANNER, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer

pytestmark = pytest.mark.browser


async def test_phases(page: JupyterPage, server: JupyterServer) -> None:
    await page.no_banner()
    server.say("notice", notice={"cause": "preemption", "deadline": time.time() + 300})
    await page.banner("moves to another machine in 5 min (the cloud takes this machine back)")
    server.say("notice", notice={"cause": "idle", "deadline": None})
    await page.banner("soon (the session has been idle)")
    server.say("notice", notice={"cause": "memory", "deadline": None})
    await page.banner("Memory runs short.")
    server.say("freezing", state="freezing")
    await page.banner("Saving the session for its move")
    server.say("clear", state="running", notice=None)
    await page.no_banner()
    assert await page.dialogs() == []
    assert page.errors == []


async def test_keyboard_puts_it_away_until_there_is_news(page: JupyterPage, server: JupyterServer) -> None:
    server.say("notice", notice={"cause": "drain", "deadline": time.time() + 300})
    await page.banner("moves to another machine")
    assert "moves to another machine" in await page.announced()
    await page.page.focus(f"{BANNER} .sm-Banner-close")
    await page.page.keyboard.press("Escape")
    await page.no_banner()
    server.say("freezing", state="freezing")
    await page.banner("Saving the session")

"""A page that its session's own server lets in no more: it says so, offers to log in, and goes on when it is let in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jupyter_extension.lab.page import BANNER, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser


async def test_it_says_so_and_goes_on_after_a_login(
    page: JupyterPage, site: Site, server: JupyterServer, tmp_path: Path
) -> None:
    server.say("saved", refuses=True)
    await page.banner("You are logged out. Your session goes on without this page, and was saved at")
    assert "Log in to come back to it" in await page.announced()
    assert await page.violations(BANNER) == []
    await page.page.wait_for_selector(".sm-Status-button >> text=Logged out")
    await page.page.screenshot(path=tmp_path / "logged-out.png")

    async with page.page.context.expect_page() as opened:
        await page.page.focus(f"{BANNER} .sm-Banner-action")
        await page.page.keyboard.press("Enter")
    tab = await opened.value
    await tab.wait_for_url(f"{site.public}**", wait_until="commit")
    await tab.close()

    server.say("saved")
    await page.no_banner()
    await page.run(0, "print('goes on')")
    await page.output(0, "goes on")
    assert await page.dialogs() == []
    assert page.navigations == []

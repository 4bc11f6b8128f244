"""A debugger that was on when its kernel moved: it is off, looks off, and the user is told once."""

from __future__ import annotations

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage, begin_anew
from tests.jupyter_extension.lab.site import JupyterServer, Site
from tests.rigs.debugging import PAUSED, SHOWN_OFF, TOLD, debug

pytestmark = pytest.mark.browser

SOURCE = "for number in range(2):\n    print('number', number)"


@pytest.mark.parametrize("paused", [False, True])
async def test_it_is_off_and_says_so(page: JupyterPage, site: Site, server: JupyterServer, paused: bool) -> None:
    await debug(page.page, SOURCE, line=2)
    if paused:
        await page.run(0, SOURCE)
        await page.page.wait_for_selector(PAUSED, timeout=LIMIT_MS)
    await begin_anew(page, site, server)
    await page.banner("Your session has moved")

    await page.page.wait_for_selector(TOLD, timeout=LIMIT_MS)
    await page.page.wait_for_function(SHOWN_OFF, timeout=LIMIT_MS)
    assert await page.page.locator(TOLD).count() == 1
    assert await page.violations(".Toastify") == []
    assert await page.dialogs() == []


async def test_it_can_be_switched_on_again(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await debug(page.page, SOURCE, line=2)
    await begin_anew(page, site, server)
    await page.banner("Your session has moved")
    await page.page.wait_for_selector(TOLD, timeout=LIMIT_MS)
    await page.page.wait_for_function(SHOWN_OFF, timeout=LIMIT_MS)

    await debug(page.page, SOURCE, line=2)
    await page.run(0, SOURCE)
    await page.page.wait_for_selector(PAUSED, timeout=LIMIT_MS)


async def test_nothing_is_said_where_nobody_debugged(page: JupyterPage, site: Site, server: JupyterServer) -> None:
    await begin_anew(page, site, server)
    await page.banner("Your session has moved")
    await page.run(1, "print('here')")
    await page.output(1, "here")
    assert await page.page.locator(TOLD).count() == 0

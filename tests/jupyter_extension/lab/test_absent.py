"""Where the server extension is not there, or switched off, the page is plain Jupyter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jupyter_extension.lab.page import JupyterPage, opened
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser


async def _is_plain(page: JupyterPage) -> None:
    await page.no_banner()
    assert page.errors == []
    asked = [url for url in page.requests if "/migrator/" in url]
    assert len(asked) == 1
    assert "api/v1/status" in asked[0]
    assert await page.page.query_selector(".sm-Status:visible") is None


async def test_server_extension_switched_off(site: Site, app: str, tmp_path: Path) -> None:
    server = site.launch()
    server.say("clear", enabled=False)
    site.route(server)
    async with opened(site, app, tmp_path) as page:
        await _is_plain(page)


async def test_no_server_extension(site: Site, app: str, tmp_path: Path) -> None:
    site.route(site.launch(scripted=False))
    async with opened(site, app, tmp_path) as page:
        page.errors[:] = [each for each in page.errors if "404" not in each]  # the browser notes the one question
        await _is_plain(page)


async def test_builtin_dialog_stays_where_nobody_watches(site: Site, tmp_path: Path, app: str) -> None:
    if app == "notebook":
        pytest.skip("Notebook 7 has no such dialog")
    server: JupyterServer = site.launch(scripted=False)
    site.route(server)
    async with opened(site, app, tmp_path) as page:
        server.kill()
        await page.page.wait_for_selector(".jp-Dialog >> text=Server Connection Error")

"""The page speaks the language that Jupyter is set to, by Jupyter's own catalogues."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site

pytestmark = pytest.mark.browser


@pytest.fixture
def server(site: Site, tmp_path: Path) -> JupyterServer:
    """Of a user who chose German in Jupyter's settings."""
    folder = tmp_path / "server-0/jupyterlab_settings_dir/@jupyterlab/translation-extension"
    folder.mkdir(parents=True)
    (folder / "plugin.jupyterlab-settings").write_text(json.dumps({"locale": "de_DE"}))
    server = site.launch()
    site.route(server)
    return server


async def test_the_page_speaks_german(page: JupyterPage, server: JupyterServer) -> None:
    server.say("notice", notice={"cause": "drain", "deadline": time.time() + 100})
    await page.banner("Diese Sitzung zieht in 2 min auf eine andere Maschine um (diese Maschine wird geräumt)")
    await page.page.wait_for_selector(".sm-Status-button >> text=Zieht um in", timeout=LIMIT_MS)
    server.say("clear", notice=None)
    await page.page.wait_for_selector(".sm-Status-button >> text=gesichert", timeout=LIMIT_MS)
    assert page.errors == []

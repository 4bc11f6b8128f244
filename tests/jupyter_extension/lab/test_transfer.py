"""A user downloads the session, and brings it in again, by the panel's buttons: with the real extension behind the page."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jupyter_extension.lab.page import LIMIT_MS, JupyterPage
from tests.jupyter_extension.lab.site import JupyterServer, Site, call

pytestmark = pytest.mark.browser

PANEL = "#session-migrator-panel"


class RealServer(JupyterServer):
    """With the extension and a store of its own."""

    def _argv(self, app: str, scripted: bool) -> list[str]:
        beside = self.root.parents[1]
        (beside / "key").write_bytes(bytes(range(32)))
        (beside / "store").mkdir()
        words = [each for each in super()._argv(app, scripted) if "jpserver_extensions" not in each]
        return [
            *words,
            "--ServerApp.jpserver_extensions={'jupyter_extension': True}",
            f"--SessionMigrator.store=file://{beside / 'store'}",
            f"--SessionMigrator.key_file={beside / 'key'}",
        ]


@pytest.fixture
def server(site: Site, app: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JupyterServer]:
    monkeypatch.setenv("HOME", str(tmp_path / "real" / "user" / "files"))  # the extension looks at all files of it
    server = RealServer(tmp_path / "real" / "user", app)
    site.route(server)
    _wait(server)
    yield server
    server.stop()


def _wait(server: JupyterServer) -> None:
    end = time.monotonic() + LIMIT_MS / 1000
    while not call(server.url + "migrator/api/v1/status")["session"]:
        assert time.monotonic() < end, "the extension has no session yet"
        time.sleep(0.1)


async def test_a_session_as_a_file(page: JupyterPage, server: JupyterServer, tmp_path: Path) -> None:
    await page.run(0, "table = {n: n * n for n in range(100)}; print('made')")
    await page.output(0, "made")
    await page.page.click(".sm-Status-button", timeout=LIMIT_MS)
    async with page.page.expect_download(timeout=LIMIT_MS) as downloading:
        await page.page.click(f"{PANEL} >> text=Download all")
    download = await downloading.value
    path = tmp_path / download.suggested_filename
    await download.save_as(path)
    assert zipfile.ZipFile(path).read("files/a.txt") == b"one\n"

    await page.run(1, "table = None; print('lost')")
    await page.output(1, "lost")
    (server.root / "a.txt").write_text("two\n")
    async with page.page.expect_file_chooser(timeout=LIMIT_MS) as choosing:
        await page.page.click(f"{PANEL} >> text=Bring in a download")
    await (await choosing.value).set_files(path)
    await page.page.click(".jp-Dialog .jp-mod-warn", timeout=LIMIT_MS)
    await page.page.wait_for_selector(f"{PANEL} >> text=a (was here).txt", timeout=LIMIT_MS)
    await page.page.wait_for_selector(f"{PANEL} progress", state="detached", timeout=LIMIT_MS)
    assert (server.root / "a.txt").read_text() == "one\n"
    await page.run(2, "print('again', table[9])")
    await page.output(2, "again 81")
    assert await page.violations(PANEL) == []


async def test_a_bad_file_is_said(page: JupyterPage, tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(b"no zip file at all")
    await page.page.click(".sm-Status-button", timeout=LIMIT_MS)
    async with page.page.expect_file_chooser(timeout=LIMIT_MS) as choosing:
        await page.page.click(f"{PANEL} >> text=Bring in a download")
    await (await choosing.value).set_files(path)
    await page.page.click(".jp-Dialog .jp-mod-warn", timeout=LIMIT_MS)
    await page.page.wait_for_selector(".jp-Dialog >> text=is no downloaded session", timeout=LIMIT_MS)

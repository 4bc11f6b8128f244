"""Notebook 6, with the injected files as an init container leaves them: files move, variables do not, and it says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import TOKEN, Server, until
from tests.rigs import pythons

PYTHON = "3.8.18"
NEEDS = ("notebook<7", "setuptools<70", "ipykernel", "blake3", "xxhash", "cryptography")
CHECKOUT = Path(__file__).parents[3]
INJECTED = CHECKOUT / "deploy" / "images" / "injector" / "jupyter"

pytestmark = pytest.mark.skipif(not pythons.installed(PYTHON), reason=f"pyenv has no Python {PYTHON} here")


class ClassicRig(Rig):
    """Servers of notebook 6 in place of newer ones, and with a face for the controller only."""

    described = False

    def command(self, port: int, home: Path, arguments: tuple[str, ...]) -> list[str]:
        return [
            pythons.with_ipykernel(PYTHON, *NEEDS), "-m", "notebook", "--no-browser", f"--port={port}", "--NotebookApp.port_retries=0",
            "--NotebookApp.base_url=/user/x/", f"--NotebookApp.token={TOKEN}", f"--NotebookApp.notebook_dir={home}", "--allow-root", *arguments,
        ]  # fmt: skip

    def inject(self) -> None:
        """What the init container leaves: the configuration, and the packages beside it."""
        volume = self.folder / "injected"
        shutil.copytree(INJECTED, volume / "jupyter")
        (volume / "site" / "cp38").mkdir(parents=True)
        (volume / "site" / "common").mkdir()
        for package in ("jupyter_extension", "migrator"):
            (volume / "site" / "common" / package).symlink_to(CHECKOUT / package)
        self.environment["JUPYTER_CONFIG_PATH"] = str(volume / "jupyter")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[ClassicRig]:
    rig = ClassicRig(tmp_path)
    await rig.begin()
    rig.inject()
    yield rig
    await rig.end()


async def status(server: Server) -> dict[str, Any]:
    answer = await server.call("GET", "migrator/api/v1/status", token=server.control_token, scheme="Bearer")
    assert answer.code == 200, (answer.code, server.log.read_text()[-3000:])
    return dict(json.loads(answer.body))


async def in_state(server: Server, state: str) -> None:
    async def check() -> bool:
        now = await status(server)
        return bool(now["session"] and now["state"] == state)

    await until(check, f"the state {state}")


async def no_kernels(server: Server) -> bool:
    return bool(await server.json("GET", "api/kernels") == [])


async def test_files_move_and_the_rest_is_said_to_stay(rig: ClassicRig) -> None:
    first = await rig.server("a")
    assert "files only" in first.log.read_text()
    (first.home / "kept.txt").write_text("kept")
    await first.notebook()
    await in_state(first, "running")

    second = await rig.begin_move()
    await in_state(second, "standby")
    (first.home / "kept.txt").write_text("kept to the last")
    snapshot = (await first.control("freeze", {"deadline": None}))["snapshot"]
    assert snapshot == await rig.saved()
    await rig.fence()
    report = (await second.control("activate", {"snapshot": snapshot}))["report"]

    assert (second.home / "kept.txt").read_text() == "kept to the last"
    assert "variables do not move" in report["fallback"]
    await in_state(second, "running")
    await in_state(first, "fenced")
    await until(lambda: no_kernels(first), "the end of the former copy's kernels")


async def test_what_changes_is_saved_by_itself(rig: ClassicRig) -> None:
    server = await rig.server("a", "--SessionMigrator.files_interval_s=0.5")
    await in_state(server, "running")
    before = await rig.saved()
    (server.home / "new.txt").write_text("new")
    assert await rig.saved(after=before)


async def test_a_stranger_is_turned_away(rig: ClassicRig) -> None:
    server = await rig.server("a")
    for token in (TOKEN, "x"):
        answer = await server.call("POST", "migrator/api/v1/stop", token=token, scheme="Bearer")
        assert answer.code == 401


async def test_without_a_session_it_stays_out_of_the_way(rig: ClassicRig) -> None:
    server = await rig.server("a", gateway=False)
    assert (await server.call("GET", "migrator/api/v1/status")).code == 404
    assert "files only" not in server.log.read_text()

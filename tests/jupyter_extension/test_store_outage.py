"""The S3 server dies as a machine is given its notice: nothing is lost that was saved, and the page says what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_extension.contact import SILENT
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import Server, until
from tests.jupyter_extension.test_move import covered, move, opened
from tests.rigs.s3 import S3Server, running

LEASE_S = 12.0
"""After a third of it without an answer the page is told; with the store away for all of it the kernels would stand still."""


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """One of this test's own, since it dies."""
    with running(tmp_path / "s3") as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
async def rig(tmp_path: Path, s3: S3Server) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path, s3.url("federation"))
    await rig.begin(lease_s=LEASE_S)
    yield rig
    await rig.end()


async def test_an_outage_at_the_notice_loses_nothing_and_says_what_to_do(rig: Rig, s3: S3Server) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    durable = (await a.status())["saved"]["snapshot"]
    s3.kill()
    assert (await page.run("x += 1; print(x)")).text == "2\n"
    await a.control("notice", {"cause": "preemption", "deadline": time.time() + 60})
    assert await until(lambda: _problem(a), "the page to be told") == SILENT
    frozen = await a.control("freeze", {"deadline": time.time() + 2})
    assert frozen["snapshot"] == durable
    assert "the last durable one counts" in a.log.read_text()
    await a.control("thaw")

    assert await asyncio.to_thread(s3.start)
    await until(lambda: _well(a), "the page to be told that all is well")
    await page.connect(a)
    assert (await page.run("x += 1; print(x)")).text == "3\n"
    b, report = await move(rig, a)
    assert report["kernels"][0]["lost"] == []
    await page.connect(b)
    assert (await page.run("print(x)")).text == "3\n"


async def _problem(server: Server) -> Any:
    return (await server.status())["problem"]


async def _well(server: Server) -> bool:
    return await _problem(server) is None

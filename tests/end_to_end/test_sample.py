"""The demo's sample notebook does what it promises: its own cells run, and go on when its machine gets its notice, and when it is put away."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from statistics import fmean

import pytest

from migrator.demo.member import SAMPLE
from tests.end_to_end.journey import Journey
from tests.rigs.browser import Lab
from tests.rigs.federation import Federation

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.pages, pytest.mark.timeout(400)]

STORY_S = 300
MEAN, BIG, LONG, LAST = range(1, 5)
"""Its cells of code, below the words."""


async def test_its_cells_run_and_go_on(federation: Federation, lab: Lab, results: Path) -> None:
    async with asyncio.timeout(STORY_S):
        await federation.wait_for_machines()
        await lab.open(federation.link)
        source = (await federation.wait_for_session(lab.user, lambda each: each["phase"] == "active"))["owner"]
        for index in (MEAN, BIG, LONG):
            await lab.start_cell(index)
        assert (await lab.wait_for_cell(MEAN)).text == str(_mean())
        assert (await lab.wait_for_cell(BIG)).text == "50000000"
        first = (await lab.file("notes.txt")).split()[-1]
        await lab.wait_for_text(LONG, "0 1 ")

        await federation.press(lab.context, f"Member {source['member']}", "5 s notice")
        await federation.wait_for_session(
            lab.user, lambda each: each["phase"] == "active" and each["owner"]["member"] != source["member"]
        )
        await Journey(federation, lab, results).page_is_back()
        await lab.wait_for_text(LONG, "0 1 ")
        await lab.command("notebook:interrupt-kernel")
        long = await lab.wait_for_cell(LONG)
        assert long.outputs[-1]["ename"] == "KeyboardInterrupt", "it runs a minute: nobody waits for that here"
        await lab.start_cell(LAST)
        last = await lab.wait_for_cell(LAST)
        written, _, shown = last.text.partition("\n")
        assert written == f"written by process {first}"
        assert shown.startswith(f"(50000000, {_mean()}, ")
        assert await lab.dialogs() == []

        await federation.press(lab.context, lab.user, "Suspend")
        resting = await federation.wait_for_session(lab.user, lambda each: each["phase"] == "suspended")
        done = await asyncio.to_thread(federation.migrator, "resume", resting["id"])
        assert done.returncode == 0, done.stderr
        await federation.wait_for_session(lab.user, lambda each: each["phase"] == "active")
        await federation.end_session(lab.user)


def _mean() -> float:
    with (SAMPLE / "temperatures.csv").open() as file:
        return fmean(float(row["celsius"]) for row in csv.DictReader(file))

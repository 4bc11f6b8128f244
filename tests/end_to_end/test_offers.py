"""What the panel offers beyond this server: a copy of the session in a new tab, and a machine of another kind."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page

from tests.end_to_end.journey import Journey
from tests.end_to_end.notebook_7 import KINDS, PLACES
from tests.rigs.browser import Lab
from tests.rigs.federation import Federation

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.pages, pytest.mark.timeout(400)]

STORY_S = 300
LIMIT_MS = 120_000
CHANCE = "import random; random.seed(7); random.random(); print('seeded')"


async def open_panel(page: Page) -> None:
    await page.click(".sm-Status-button")
    await page.wait_for_selector("#session-migrator-panel")


@pytest.mark.parametrize(("kind_of_journey", "place"), [(KINDS[kind], PLACES[kind]) for kind in KINDS], ids=KINDS)
async def test_a_copy_opens_in_a_new_tab_and_neither_changes_the_other(
    journey: Journey, federation: Federation, place: str
) -> None:
    lab = journey.lab
    async with asyncio.timeout(STORY_S):
        await lab.run(CHANCE)
        await lab.start_cell(await lab.add_cell("while True: time.sleep(0.1)"))
        journey.page_must_stay()
        await open_panel(lab.page)
        async with lab.context.expect_page(timeout=LIMIT_MS) as opened:
            await lab.page.click(".sm-Panel-copy")
        copy = Lab(await opened.value, lab.context)
        await journey.screenshot("copied")
        link = await lab.page.get_attribute(".sm-Panel-copied", "href")
        assert link is not None
        assert f"/{place}/index.ipynb?token=" in link
        await copy.arrive()
        assert copy.user != lab.user
        assert await copy.run("counter, len(table), alias is table") == "(41, 1000, True)"
        assert await copy.file("kept.txt") == "written before the move"
        assert [cell.prompt for cell in await copy.cells()][-2:] != ["[*]:", "[*]:"], (
            "what ran goes on in the first only"
        )

        await copy.run("counter = 0; random.seed(1)")
        await copy.write_file("kept.txt", "changed in the copy")
        await lab.command("notebook:interrupt-kernel")
        await lab.wait_for_kernel()
        assert await lab.run("counter") == "41"
        assert await lab.file("kept.txt") == "written before the move"
        report = (await copy.api("migrator/api/v1/status"))["report"]
        assert [each["reason"] for row in report["kernels"] for each in row["skipped"]] != []
        assert report["copied"]["shared"] is False
        await journey.page_stayed()
        await federation.end_session(copy.user)


async def test_a_copy_draws_other_chances(journey: Journey, federation: Federation) -> None:
    lab = journey.lab
    async with asyncio.timeout(STORY_S):
        await lab.run(CHANCE)
        await open_panel(lab.page)
        async with lab.context.expect_page(timeout=LIMIT_MS) as opened:
            await lab.page.click(".sm-Panel-copy")
        copy = Lab(await opened.value, lab.context)
        await copy.arrive()
        assert await copy.run("random.random()") != await lab.run("random.random()")
        await federation.end_session(copy.user)


async def test_the_session_moves_to_a_machine_of_another_kind(journey: Journey) -> None:
    lab = journey.lab
    async with asyncio.timeout(STORY_S):
        await journey.start_long_cell()
        journey.page_must_stay()
        await open_panel(lab.page)
        await lab.page.click("text=Move to: 4 GB of memory")
        await journey.arrive()
        await journey.finish_long_cell()
        assert "4294967296" in await lab.run("open(f'/proc/{os.getppid()}/environ').read().split('MEM_LIMIT=')[1][:10]")
        await lab.page.wait_for_selector("text=It is on: 4 GB of memory.")
        await lab.page.wait_for_selector("text=Move to: 1 GB of memory")
        assert await lab.page.locator(".sm-Panel-move").count() == 1
        await journey.all_goes_on()

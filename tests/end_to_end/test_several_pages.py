"""Two browsers on one session: both go on, each sees what it would have seen, and nothing is said twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.journey import Journey
from tests.rigs.browser import lab_page

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(400)]

STORY_S = 300
NOTICE_S = 8


async def test_two_browsers_go_on_with_one_session(journey: Journey, results: Path) -> None:
    lab = journey.lab
    async with asyncio.timeout(STORY_S), lab_page(results / "other") as other:
        await other.open(f"{lab.base_url}lab/tree/index.ipynb?token={lab.token}")
        await journey.start_long_cell()
        theirs = await other.add_cell("print('from the other browser', counter)")
        await other.start_cell(theirs)
        journey.page_must_stay()
        navigations = len(other.navigations)

        await journey.federation.preempt(journey.source, NOTICE_S)
        arrived = await journey.arrive()
        await journey.finish_long_cell()
        journey.nothing_ran_twice_at_a_time(arrived)

        assert (await other.wait_for_cell(theirs)).text == "from the other browser 42\n"
        assert await other.run("counter") == "42"
        assert other.navigations[navigations:] == []
        assert await other.dialogs() == []

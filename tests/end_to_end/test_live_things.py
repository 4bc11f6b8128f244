"""What lives on a page beside its text goes on through a move, in Lab and in Notebook 7: displays, comms, widgets of many makes."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.live_things import THINGS
from tests.end_to_end.notebook_7 import KINDS

STORY_S = 400
NOTICE_S = 8
OFTEN = [("lab", "interact"), ("notebook", "interact")]

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(500)]


def _stories() -> list[object]:
    return [
        pytest.param(
            KINDS[kind],
            thing,
            marks=pytest.mark.pages if (kind, thing) in OFTEN else pytest.mark.chaos,
            id=f"{kind}-{thing}",
        )
        for kind, thing in product(KINDS, THINGS)
    ]


@pytest.mark.parametrize(("kind_of_journey", "thing"), _stories())
async def test_it_goes_on(journey: Journey, thing: str) -> None:
    async with asyncio.timeout(STORY_S):
        shown = THINGS[thing](journey)
        await shown.prepare()
        await shown.saved()
        journey.page_must_stay()
        await journey.federation.preempt(journey.source, NOTICE_S)
        await journey.arrive()
        await journey.wait_for_server()
        await journey.page_is_back()
        await shown.holds()
        await journey.lab.wait_for_kernel()
        await journey.page_stayed()

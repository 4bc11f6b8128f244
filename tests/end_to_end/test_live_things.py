"""What lives on a page beside its text goes on through a move: displays, cleared outputs, comms, and widgets of many makes."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.live_things import THINGS

STORY_S = 400
NOTICE_S = 8

pytestmark = [pytest.mark.chaos, pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(500)]


@pytest.mark.parametrize("thing", THINGS)
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

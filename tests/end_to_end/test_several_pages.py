"""Two browsers on one session, of one kind or of two: both go on, and the launch link leads to it in the one that launched it only."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.notebook_7 import PLACES
from tests.rigs.browser import Lab, lab_page

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.pages, pytest.mark.timeout(400)]

STORY_S = 300


@pytest.mark.parametrize(
    "place", [PLACES["lab"], pytest.param(PLACES["notebook"], marks=pytest.mark.pages)], ids=["lab", "notebook"]
)
async def test_two_browsers_go_on_with_one_session(journey: Journey, results: Path, place: str) -> None:
    lab = journey.lab
    async with asyncio.timeout(STORY_S), lab_page(results / "other") as other:
        await other.open(f"{lab.base_url}{place}/index.ipynb?token={lab.token}")
        await journey.start_long_cell()
        theirs = await other.add_cell("print('from the other browser', counter)")
        await other.start_cell(theirs)
        journey.page_must_stay()
        navigations = len(other.navigations)

        await journey.federation.press(lab.context, lab.user, "Move")
        arrived = await journey.arrive()
        await journey.finish_long_cell()
        journey.nothing_ran_twice_at_a_time(arrived)

        assert (await other.wait_for_cell(theirs)).text == "from the other browser 42\n"
        assert await other.run("counter") == "42"
        assert other.navigations[navigations:] == []
        assert await other.dialogs() == []

        await _the_link_is_the_first_browsers_only(journey, other)


async def _the_link_is_the_first_browsers_only(journey: Journey, other: Lab) -> None:
    """It starts no server in the browser that launched the session, and a session of its own in the other."""
    sessions = len(await journey.federation.sessions())
    await journey.links_lead_on()
    assert len(await journey.federation.sessions()) == sessions
    link, strangers = journey.federation.link, Lab(await other.context.new_page(), other.context)
    first = await other.context.request.get(link)
    assert first.url == link, "a browser that was never here gets the launch page, and its own cookie with it"
    await strangers.page.goto(link, wait_until="commit")
    await strangers.page.wait_for_url(re.compile(r"/user/[^?]+/lab"), wait_until="commit", timeout=120_000)
    assert strangers.user != journey.lab.user
    await journey.federation.end_session(strangers.user)

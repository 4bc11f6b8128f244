"""What takes a session's machine away, and the story of a page that lives through it."""

from __future__ import annotations

import asyncio

from tests.end_to_end.journey import Journey
from tests.end_to_end.states import STATES

STORY_S = 400
NOTICE_S = 8


async def _notice(journey: Journey) -> None:
    await journey.federation.preempt(journey.source, NOTICE_S)
    await journey.arrive()


async def _kill(journey: Journey) -> None:
    await journey.federation.preempt(journey.source, 0)
    await journey.arrive()


async def _idle_limit(journey: Journey) -> None:
    """The hub's culler stops the server; its user comes back later, and the page is still open and offers to go on."""
    federation, user = journey.federation, journey.lab.user
    await federation.stop_by_hub(journey.source, user)
    await federation.wait_for_session(user, lambda record: record["phase"] == "suspended")
    await journey.resume_from_the_page()
    await federation.wait_for_session(user, lambda record: record["phase"] == "active")


TRIGGERS = {"notice": _notice, "kill": _kill, "idle-limit": _idle_limit}


async def lives_through(journey: Journey, trigger: str, state: str) -> None:
    """The page looks like `state` (see `STATES`) when its machine goes by `trigger`, and ends right."""
    async with asyncio.timeout(STORY_S):
        shown = STATES[state](journey)
        await shown.prepare()
        journey.page_must_stay()
        await TRIGGERS[trigger](journey)
        await journey.wait_for_server()
        await journey.page_is_back()
        await shown.holds()
        await journey.lab.wait_for_kernel()
        await journey.page_stayed()
        await journey.runs_in_one_place()

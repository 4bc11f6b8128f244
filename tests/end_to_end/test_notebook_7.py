"""The stories of the open page once more, in Notebook 7: what takes the machine away, and what the page looks like then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.states import STATES
from tests.end_to_end.test_matrix import STORY_S, TRIGGERS
from tests.rigs.browser import Lab
from tests.rigs.federation import Federation

pytestmark = [pytest.mark.pages, pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(500)]

STORIES = [("notice", "queued"), ("kill", "asking"), ("idle-limit", "idle")]


class InNotebook7(Journey):
    """The same user, who prefers the other kind of page; it has no terminal beside the notebook."""

    async def _open(self) -> None:
        await super()._open()
        await self.lab.change_to_notebook_7()

    async def _open_terminal(self) -> None:
        pass


@pytest.fixture
async def journey(federation: Federation, lab: Lab, results: Path) -> AsyncIterator[Journey]:
    started = InNotebook7(federation, lab, results)
    await started.begin()
    yield started
    await started.screenshot("end")
    await federation.end_session(lab.user)


@pytest.mark.parametrize(("trigger", "state"), STORIES)
async def test_the_page_ends_right(journey: Journey, trigger: str, state: str) -> None:
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

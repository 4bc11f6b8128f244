"""The stories of the open page once more, in Notebook 7: what takes the machine away, and what the page looks like then."""

from __future__ import annotations

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.triggers import lives_through

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
def kind_of_journey() -> type[Journey]:
    return InNotebook7


@pytest.mark.parametrize(("trigger", "state"), STORIES)
async def test_the_page_ends_right(journey: Journey, trigger: str, state: str) -> None:
    await lives_through(journey, trigger, state)

"""Whatever takes the machine away, and whatever the page looks like at that moment: the page ends right."""

from __future__ import annotations

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.states import STATES
from tests.end_to_end.triggers import TRIGGERS, lives_through

pytestmark = [pytest.mark.chaos, pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(500)]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_the_page_ends_right(journey: Journey, trigger: str, state: str) -> None:
    await lives_through(journey, trigger, state)

"""Whatever takes the machine away, whatever the page looks like at that moment, in Lab and in Notebook 7: the page ends right."""

from __future__ import annotations

from itertools import product

import pytest

from tests.end_to_end.journey import Journey
from tests.end_to_end.notebook_7 import KINDS
from tests.end_to_end.states import STATES
from tests.end_to_end.triggers import TRIGGERS, lives_through

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(500)]

# Each trigger and each state once in Notebook 7: what `make test` has of Lab in other tests. The rest is for the long tests.
OFTEN = [
    ("notice", "queued"),
    ("notice", "widget"),
    ("notice", "running"),
    ("kill", "asking"),
    ("kill", "unsaved"),
    ("idle-limit", "idle"),
]


def _stories() -> list[object]:
    return [
        pytest.param(
            KINDS[kind],
            trigger,
            state,
            marks=pytest.mark.pages if kind == "notebook" and (trigger, state) in OFTEN else pytest.mark.chaos,
            id=f"{kind}-{trigger}-{state}",
        )
        for kind, trigger, state in product(KINDS, TRIGGERS, STATES)
    ]


@pytest.mark.parametrize(("kind_of_journey", "trigger", "state"), _stories())
async def test_the_page_ends_right(journey: Journey, trigger: str, state: str) -> None:
    await lives_through(journey, trigger, state)

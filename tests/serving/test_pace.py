from __future__ import annotations

import pytest

from migrator.serving.pace import Pace


@pytest.mark.parametrize(("waited", "pause"), [(0.0, 0.15), (3.0, 0.15), (10.0, 0.5), (40.0, 2.0), (400.0, 2.0)])
def test_a_pause_is_a_twentieth_of_what_was_waited_within_bounds(waited, pause):
    assert Pace(0.15).length(waited) == pytest.approx(pause)


async def test_it_counts_from_its_beginning():
    pace = Pace(0.0)
    await pace.pause()
    assert pace.length(0.0) == 0.0

"""How many copies a kernel may keep in reserve: a few at once, and then a small share of its time."""

from __future__ import annotations

import pytest

from jupyter_extension.kernel.reserve import BURST, SHARE, TAIL_S, Allowance


def spent(allowance: Allowance, start: float, step: float, count: int) -> list[bool]:
    """Which of `count` cells, `step` s apart, get a copy."""
    return [allowance.spend(start + number * step) for number in range(count)]


def test_a_handful_of_short_cells_after_a_rest_get_a_copy_each() -> None:
    assert spent(Allowance(), 100.0, 0.001, int(BURST) + 2) == [True] * int(BURST) + [False] * 2


@pytest.mark.parametrize("pause", [0.002, 0.03])
def test_a_loop_of_cells_pays_no_more_than_its_share(pause: float) -> None:
    allowance = Allowance()
    allowance.cost(pause)
    copies = sum(spent(allowance, 100.0, 0.005, 20_000))
    assert (copies - BURST) * (pause + TAIL_S) <= SHARE * 100.0 * 1.01


def test_a_rest_gives_back_what_was_spent_and_no_more() -> None:
    allowance = Allowance()
    spent(allowance, 0.0, 0.0, 100)
    assert sum(spent(allowance, 1e6, 0.0, 100)) == BURST

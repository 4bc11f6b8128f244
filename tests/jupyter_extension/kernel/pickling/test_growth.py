"""Memory that runs away while an object is reduced is noticed, in time."""

from __future__ import annotations

import pytest

from jupyter_extension.kernel.pickling import growth
from jupyter_extension.kernel.pickling.growth import EACH, Endless, Growth


def reduce(count: int, growth: Growth) -> None:
    for _ in range(count):
        growth.step()


def test_a_walk_of_any_length_may_go_on_while_memory_stays() -> None:
    reduce(10 * EACH, Growth())


def test_memory_that_runs_away_ends_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "ROOM", 1 << 24)
    watched = Growth()
    monkeypatch.setattr(watched, "_limit", growth._resident() + growth.ROOM)
    reduce(EACH, watched)
    made = bytearray(growth.ROOM + (1 << 26))  # more, since what this process had may have been given back meanwhile
    made[::4096] = b"x" * len(made[::4096])
    with pytest.raises(Endless, match="more and more memory"):
        reduce(EACH, watched)


def test_the_limit_leaves_room_for_what_is_there_already() -> None:
    assert Growth()._limit > growth.ROOM + growth._resident()

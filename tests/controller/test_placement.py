"""Which member is asked first."""

from __future__ import annotations

import pytest

from migrator.controller.peers import Room
from migrator.controller.placement import ranked


@pytest.mark.parametrize(
    ("room", "excluded", "only"),
    [
        (Room("b", 0.0, None), (), None),
        (Room("b", 1.0, 0), (), None),
        (Room("b", 1.0, None), ("b",), None),
        (Room("b", 1.0, None), (), "c"),
    ],
    ids=["no weight", "no place", "tried", "another is wanted"],
)
def test_who_is_not_asked_at_all(room: Room, excluded: tuple[str, ...], only: str | None) -> None:
    assert ranked([room, Room("a", 1.0, None)], without={*excluded, "a"}, only=only) == []


def test_an_image_that_is_there_counts_more_than_weight() -> None:
    rooms = [Room("heavy", 1000.0, None, image=False), Room("light", 0.001, 1)]
    assert all(ranked(rooms) == ["light", "heavy"] for _ in range(100))


def test_chance_follows_weight_among_equals() -> None:
    rooms = [Room("heavy", 3.0, None), Room("light", 1.0, None)]
    first = sum(ranked(rooms)[0] == "heavy" for _ in range(4000))
    assert 2800 < first < 3200

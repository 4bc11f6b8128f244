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


def test_room_counts_more_than_an_image_and_no_room_is_still_a_place_to_ask() -> None:
    rooms = [Room("full", 1.0, None, fits=0), Room("free", 1.0, None, image=False, fits=3)]
    assert all(ranked(rooms) == ["free", "full"] for _ in range(20))


def test_a_member_that_does_not_know_its_room_counts_as_one_that_has_some() -> None:
    rooms = [Room("unknown", 1.0, None, image=True), Room("free", 1.0, None, image=False, fits=3)]
    assert all(ranked(rooms) == ["unknown", "free"] for _ in range(20))


@pytest.mark.parametrize(("fits", "order"), [(None, ["b", "a"]), (1, ["b", "a"]), (0, ["a", "b"])])
def test_the_member_that_it_leaves_comes_last_unless_no_other_has_room(fits: int | None, order: list[str]) -> None:
    rooms = [Room("a", 1.0, None, fits=5), Room("b", 1.0, None, image=False, fits=fits)]
    assert all(ranked(rooms, last="a") == order for _ in range(20))

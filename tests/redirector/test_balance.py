from __future__ import annotations

from collections import Counter

import pytest

from migrator.redirector.balance import random_rank, rendezvous_rank, repository_key


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"a": 1.0, "b": 1.0}, {"a": 52, "b": 48}),
        ({"a": 0.8, "b": 0.2}, {"a": 75, "b": 25}),
        ({"a": 0.8, "b": 0.0}, {"a": 100}),
    ],
)
def test_the_same_spread_as_mybinder(weights: dict[str, float], expected: dict[str, int]) -> None:
    first = Counter(rendezvous_rank(weights.items(), f"key-{number}")[0] for number in range(100))
    assert first == expected


def test_a_member_that_leaves_moves_only_its_own_keys() -> None:
    three, two = [("a", 1.0), ("b", 1.0), ("c", 1.0)], [("a", 1.0), ("b", 1.0)]
    for number in range(200):
        before = rendezvous_rank(three, str(number))[0]
        if before != "c":
            assert rendezvous_rank(two, str(number))[0] == before


def test_a_repository_has_one_place_whatever_the_branch_and_case() -> None:
    assert repository_key("/build/gh/Org/Repo/main") == repository_key("/build/gh/org/repo/HEAD")
    assert repository_key("/build/zenodo/10.5281/x") == "/build/zenodo/10.5281/x"


def test_chance_is_weighted() -> None:
    assert {random_rank([("a", 1.0), ("b", 0.0)])[0] for _ in range(50)} == {"a"}

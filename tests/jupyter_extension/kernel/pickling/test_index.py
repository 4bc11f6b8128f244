"""The index is cut so that a small change stays small, and read back as it was."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_extension.kernel.pickling import index

NAMES = st.lists(st.text(max_size=6), unique=True, max_size=300)


class Source:
    """Parts in memory, each of which can be read once."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = dict(parts)

    def names(self) -> list[str]:
        return list(self._parts)

    def read(self, name: str) -> bytes:
        return self._parts[name]


def made(names: list[str]) -> dict[str, Any]:
    """An index of variables of these names."""
    return {
        "format": 1,
        "components": [(name, [name], []) for name in names],
        "variables": names,
        "fingerprints": {name: f"of {name}" for name in names},
        "lost": [{"name": "gone"}],
    }


@given(NAMES)
def test_it_comes_back(names: list[str]) -> None:
    assert index.read(Source(dict(index.parts(made(names))))) == made(names)


def test_one_of_before_the_runs_is_read_as_well() -> None:
    assert index.read(Source({"index": pickle.dumps(made(["a", "b"]), 5)})) == made(["a", "b"])


@pytest.mark.parametrize("at", [0, 5000, 10_000])
def test_a_new_name_changes_the_runs_that_it_is_in(at: int) -> None:
    names = [f"name_{number}" for number in range(10_000)]
    before = dict(index.parts(made(names)))
    after = dict(index.parts(made([*names[:at], "new", *names[at:]])))
    fresh = {name: data for name, data in after.items() if before.get(name) != data}
    assert len(fresh) <= 2 * len(index.LISTS)
    assert sum(map(len, fresh.values())) < sum(map(len, after.values())) / 10


def test_a_new_fingerprint_changes_one_run() -> None:
    names = [f"name_{number}" for number in range(10_000)]
    before, changed = dict(index.parts(made(names))), made(names)
    changed["fingerprints"]["name_777"] = "another"
    after = dict(index.parts(changed))
    assert len([name for name, data in after.items() if before[name] != data]) == 1

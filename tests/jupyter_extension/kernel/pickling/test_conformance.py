from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.rigs import pythons

from .mover import read_cases
from .moving import CASES, fault, move

FILES = sorted(CASES.glob("*.py"))
NAMES = [case.name for file in FILES for case in read_cases(file)]
PYTHONS = pythons.found()
OLDEST = PYTHONS[:1]
LATER = [pytest.param(version, marks=pytest.mark.chaos) for version in PYTHONS[1:]]
"""Half a minute each: these are left to the stage that takes long."""


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return move(tmp_path_factory.mktemp("moved"), FILES)


@pytest.mark.parametrize("name", NAMES)
def test_case_arrives_right(name: str, moved: dict[str, dict[str, Any]]) -> None:
    answer = moved[name]
    lacking = answer["save"].get("lacking")
    if lacking:
        pytest.skip(f"needs {' '.join(lacking)}")
    assert fault(answer) is None, fault(answer)


@pytest.mark.parametrize("name", NAMES)
def test_unchanged_parts_are_the_same_in_the_next_snapshot(name: str, moved: dict[str, dict[str, Any]]) -> None:
    if "(volatile)" in name:
        pytest.skip("saving it changes it")
    assert moved[name]["save"].get("unstable", []) == []


@pytest.mark.chaos
def test_what_was_moved_is_moved_again(tmp_path: Path) -> None:
    """All but what counts its moves, and what reads of losses that the first report alone tells."""
    once = {case.name for file in FILES for case in read_cases(file) if "REPORT" in case.check or "(once)" in case.name}
    answers = move(tmp_path, FILES, way=("save", "again", "load"))
    assert {name: fault(answer) for name, answer in answers.items() if fault(answer) and name not in once} == {}


@pytest.mark.parametrize("version", OLDEST + LATER)
def test_every_python_moves_the_cases(version: str, tmp_path: Path) -> None:
    answers = move(tmp_path, FILES, pythons.interpreter(version))
    faults = {name: fault(answer) for name, answer in answers.items() if fault(answer)}
    assert faults == {}

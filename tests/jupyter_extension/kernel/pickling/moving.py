"""Moves the cases of the conformance suite from one fresh process to another, in another working folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASES = HERE / "cases"


def move(
    store: Path, files: list[Path], python: str = sys.executable, way: tuple[str, ...] = ("save", "load")
) -> dict[str, dict[str, Any]]:
    """Save and load all cases of these files; gives for each case the answers of all sides: {"save": ..., "load": ...}."""
    answers: dict[str, dict[str, Any]] = {}
    for direction in way:
        room = store / f"room-{direction}"
        command = [python, str(HERE / "mover.py"), direction, str(store), str(room), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        for line in done.stdout.splitlines():
            answer = json.loads(line)
            answers.setdefault(answer["name"], {})[direction] = answer
        assert done.returncode == 0, done.stderr
    return answers


def fault(answer: dict[str, dict[str, Any]]) -> str | None:
    """Give what went wrong with a case, or None."""
    for direction, given in answer.items():
        if "error" in given:
            return f"{direction}: {given['error']}"
    return None

"""A witness outside of the session: a file to which a running cell writes at each step, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Place:
    """One kernel process that made steps; times in Unix seconds, in their order."""

    pid: int
    steps: list[float]


class Witness:
    """All members of a demo run on one machine: they share its clock and this file."""

    def __init__(self, file: Path) -> None:
        self._file = file.resolve()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text("")

    @property
    def note(self) -> str:
        """A line of Python that notes a step; the cell needs `os` and `time`."""
        return f'open({str(self._file)!r}, "a").write(f"{{time.time()}} {{os.getpid()}}\\n")'

    def places(self) -> list[Place]:
        """Who made steps, in the order of their first ones."""
        found: dict[int, Place] = {}
        for line in self._file.read_text().splitlines():
            at, pid = line.split()
            found.setdefault(int(pid), Place(int(pid), [])).steps.append(float(at))
        return list(found.values())

"""What was measured: numbers by name, medians and ranges of several runs, or why there is no number."""

from __future__ import annotations

import statistics
from collections import defaultdict


class Samples:
    """Values of several runs by name; `notes` are what the reader of the table must know."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.notes: list[str] = []

    def add(self, name: str, value: float) -> None:
        """One more run's value."""
        self.values[name].append(value)

    def note(self, text: str) -> None:
        """A remark, once."""
        if text not in self.notes:
            self.notes.append(text)

    def median(self, name: str) -> float | None:
        """Of all runs; None if there was none."""
        found = self.values.get(name)
        return statistics.median(found) if found else None

    def cell(self, name: str, unit: str = "s") -> str:
        """The median, and the range if there were several runs: `0.82 s (0.79-1.10)`."""
        found = self.values.get(name)
        if not found:
            return "-"
        text = _number(statistics.median(found), unit)
        return (
            text if len(found) == 1 else f"{text} ({_number(min(found), unit, '')} - {_number(max(found), unit, '')})"
        )


def _number(value: float, unit: str, shown: str | None = None) -> str:
    if unit == "bytes":
        return _size(value)
    scaled = value * {"ms": 1000, "%": 100}.get(unit, 1)
    digits = 3 if abs(scaled) < 1 else 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
    return f"{scaled:.{digits}f} {unit if shown is None else shown}".rstrip()


def _size(value: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"

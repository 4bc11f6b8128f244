"""What became of one row in the hands of one contender, from best to worst."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """Its value is what the table says."""

    RIGHT = "right"
    CHANGED = "changed, named"
    NAMED = "lost, named"
    FAILED = "failed"
    WRONG = "**wrong in silence**"

    @property
    def rank(self) -> int:
        """0 is best."""
        return list(Kind).index(self)


class Outcome(NamedTuple):
    """The kind, and why it is not right."""

    kind: Kind
    reason: str = ""


def judge(before: str, after: str, named: dict[str, str], changed: dict[str, str], names: tuple[str, ...]) -> Outcome:
    """Compare two proofs, with what the contender itself reported about variables: {name: reason}."""
    for kind, reported in ((Kind.NAMED, named), (Kind.CHANGED, changed)):
        for name in names:
            if name in reported:
                return Outcome(kind, f"{name}: {reported[name]}")
    if before != after:
        return Outcome(Kind.WRONG, f"was {_short(before)}, is {_short(after)}")
    return Outcome(Kind.RIGHT)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."

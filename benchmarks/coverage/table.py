"""The table as it was last run, row by row, in `results.json`; and docs/coverage.md, written from it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.coverage.contenders import CONTENDERS, OURS, Outcomes
from benchmarks.coverage.outcome import Kind, Outcome
from benchmarks.coverage.rows import Library

_HEAD = """\
# What survives a move

Written by `make coverage` (`python -m benchmarks.coverage`); do not edit. `make coverage ARGS="pandas torch"` runs some libraries anew, the
others keep what they showed when they were last run.

Each row was built with content in an ipykernel and moved into a fresh one on another working folder, and an expression that reads it *and uses
it* gave the same there as before; the expressions stand in `benchmarks/coverage/cells`. **right**: equal. **lost, named**: a placeholder that
says why, and a line in the report; all around it came back. **changed, named**: the report says so. **failed**: an error instead of the
objects. **wrong in silence**: other than before, and nobody said so. dill and cloudpickle are given each row in a file of its own, which is kinder
than a session: there one row that fails takes all others with it. ElasticKernel is given all rows of a library, as we are, and only
where that fails fewer at a time.
"""


class Table:
    """Results by library and row: `{"version", "on", "outcomes": {contender: [kind, reason]}}`."""

    def __init__(self, results: Path, libraries: list[Library]) -> None:
        self._results, self._libraries = results, libraries
        self._rows: dict[str, dict[str, dict[str, Any]]] = json.loads(results.read_text()) if results.exists() else {}

    def add(self, library: Library, version: str, contender: str, outcomes: Outcomes) -> None:
        """Take in what became of a library's rows."""
        rows = self._rows.setdefault(library.name, {})
        for name, outcome in outcomes.items():
            row = rows.setdefault(name, {"outcomes": {}})
            row.update(version=version, on=dt.datetime.now(dt.UTC).date().isoformat())
            row["outcomes"][contender] = [outcome.kind.name, outcome.reason]

    def get(self, library: Library, row: str, contender: str) -> Outcome | None:
        """The last outcome, or None if it was never run."""
        found = self._rows.get(library.name, {}).get(row, {}).get("outcomes", {}).get(contender)
        return Outcome(Kind[found[0]], found[1]) if found else None

    def worse(self, library: Library, outcomes: Outcomes) -> list[str]:
        """A line for each of our rows that is worse than it was; one that was never run counts as right before."""
        lines = []
        for name, outcome in outcomes.items():
            before = self.get(library, name, OURS) or Outcome(Kind.RIGHT)
            if outcome.kind.rank > before.kind.rank:
                lines.append(f"{library.name} {name}: {before.kind.value} -> {outcome.kind.value}: {outcome.reason}")
        return lines

    def line(self, library: Library) -> str:
        """A library's counts, for the terminal."""
        counts = (f"{name}: {self._counted([library], name)}" for name in CONTENDERS)
        return f"{library.name:24} {'; '.join(counts)}"

    def write(self, document: Path) -> None:
        """Write the results, one row a line, and the document."""
        known = {library.name: [row.name for row in library.rows] for library in self._libraries}
        lines = [
            f" {json.dumps(name)}: {{\n"
            + ",\n".join(
                f"  {json.dumps(row)}: {json.dumps(self._rows[name][row])}" for row in rows if row in self._rows[name]
            )
            + "\n }"
            for name, rows in known.items()
            if name in self._rows
        ]
        self._results.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        document.write_text(self.text())

    def text(self) -> str:
        """The document."""
        total = sum(len(library.rows) for library in self._libraries)
        head = ["", *(kind.value for kind in Kind), "not run"]
        rows = [[name, *self._numbers(name)] for name in CONTENDERS]
        parts = [_HEAD, f"{total} rows of {len(self._libraries)} libraries:\n\n{_table(head, rows)}"]
        parts.append("## Not right after a move by this project\n\n" + self._reasons())
        parts.append("## All rows\n\n" + self._all())
        return "\n".join(parts)

    def _numbers(self, contender: str) -> list[str]:
        counted = self._count(self._libraries, contender)
        return [str(counted[kind]) for kind in (*Kind, None)]

    def _count(self, libraries: list[Library], contender: str) -> Counter[Kind | None]:
        found = (self.get(library, row.name, contender) for library in libraries for row in library.rows)
        return Counter(outcome.kind if outcome else None for outcome in found)

    def _counted(self, libraries: list[Library], contender: str) -> str:
        counted = self._count(libraries, contender)
        return ", ".join(f"{counted[kind]} {kind.name.lower()}" for kind in Kind if counted[kind]) or "not run"

    def _reasons(self) -> str:
        lines = []
        for library in self._libraries:
            for row in library.rows:
                outcome = self.get(library, row.name, OURS)
                if outcome and outcome.kind is not Kind.RIGHT:
                    lines.append([f"{library.name} {row.name}", outcome.kind.value, _plain(outcome.reason)])
        return _table(["", "", "why"], lines)

    def _all(self) -> str:
        rows = []
        for library in self._libraries:
            for row in library.rows:
                last = self._rows.get(library.name, {}).get(row.name, {})
                outcomes = (self.get(library, row.name, name) for name in CONTENDERS)
                shown = [outcome.kind.value if outcome else "not run" for outcome in outcomes]
                rows.append([f"{library.name} {last.get('version', '')}", row.name, *shown, last.get("on", "never")])
        return _table(["library", "what", *CONTENDERS, "last run"], rows)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "\\<").replace("*", "\\*")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

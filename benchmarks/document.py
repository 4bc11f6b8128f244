"""Writes docs/benchmarks.md: what was measured, on what, by which command, and which targets are met or missed."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.contest import Contest
from benchmarks.samples import Samples
from benchmarks.targets import Verdict, contest_verdicts, single_verdicts

_TITLES = {
    "cells": "A loop of trivial cells",
    "busy": "In the middle of a cell",
    "large": "A large array",
    "moves": "Moves of a session with an open page",
    "blanks": "A live move while the user types and runs cells, with 200 MB of new state",
    "resumes": "A session with 1 GiB that rested",
}
_HEAD = """\
# Benchmarks

Written by `make bench` (`python -m benchmarks`); do not edit. `make bench ARGS="NAME ..."` measures some parts anew.

The machine is a small virtual one, shared with others: numbers are medians, with the least and the greatest of the runs in brackets, and ratios
within one part say more than seconds. The load average at the end of each part stands with it; of that, we made about 2.

The real path is measured: an ipykernel, the agent in it, encryption, and a store in a folder, each object synced to the disk. The peers run
in turn with us; their files are neither encrypted nor synced. "User waits": how long the kernel stands still for a snapshot. "First":
everything; "element": after one element of the large object changed; "small": after `x += 1`. The restoration is into a fresh kernel that has numpy
and pandas imported already; it finds in the page cache what writing left there, which is all of a peer's file and little of large objects of ours
(decision 009). "Page cache": with all of ours there too. "From the disk": with nothing of it in the page cache, as after a move. A peer that took more than 45 s for its first run was not asked for another.
"""


class Document:
    """The page's parts. Those measured in earlier runs are kept in `results`, each with its own date and load."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._parts: dict[str, dict[str, Any]] = json.loads(results.read_text()) if results.exists() else {}

    def contest(self, contest: Contest) -> None:
        """Add the table of one state."""
        rows = [
            [name, *_cells(samples), str(len(samples.values.get("first", []))), "; ".join(samples.notes) or "right"]
            for name, samples in contest.samples.items()
        ]
        head = [
            "",
            "user waits",
            "first",
            "element",
            "small",
            "bytes of each",
            "restoration",
            "page cache",
            "from the disk",
            "runs",
            "restored",
        ]
        self._add(contest.state.title, _table(head, rows), contest_verdicts(contest.state, contest.samples))

    def single(self, name: str, samples: Samples) -> None:
        """Add one of the other measurements."""
        rows = [[key, samples.cell(key, _unit(key)), str(len(samples.values[key]))] for key in samples.values]
        notes = "".join(f"\n{note}\n" for note in samples.notes)
        self._add(_TITLES[name], _table(["", "", "runs"], rows) + notes, single_verdicts(name, samples))

    def _add(self, title: str, table: str, verdicts: Iterable[Verdict]) -> None:
        date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        about = f"{date}, load average {os.getloadavg()[0]:.0f}, {_machine()}"
        self._parts[title] = {"about": about, "table": table, "verdicts": list(verdicts)}
        self._results.write_text(json.dumps(self._parts, indent=1))

    def text(self) -> str:
        """The whole page."""
        rows = [each for part in self._parts.values() for each in part["verdicts"]]
        targets = f"## Targets\n\n{_table(['measure', 'target', 'found', ''], rows)}"
        parts = [f"## {title}\n\nEnded {part['about']}.\n\n{part['table']}" for title, part in self._parts.items()]
        return "\n".join([_HEAD, targets, *parts])


def _cells(samples: Samples) -> Iterable[str]:
    sizes = " / ".join(
        samples.cell(f"{name} bytes", "bytes").partition(" (")[0] for name in ("first", "element", "small")
    )
    return (
        samples.cell("pause", "ms"),
        samples.cell("first"),
        samples.cell("element"),
        samples.cell("small"),
        sizes,
        samples.cell("restore"),
        samples.cell("warm"),
        samples.cell("cold"),
    )


def _unit(key: str) -> str:
    if key == "extra memory":
        return "bytes"
    if "pause" in key:
        return "ms"
    if key.endswith(("cost", "share")):
        return "%"
    return "" if key == "GiB" or "snapshots" in key or "before the kill" in key else "s"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(each.replace("|", "/") for each in line) + " |" for line in lines) + "\n"


def _machine() -> str:
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    pages = "".join(_lines("/sys/kernel/mm/transparent_hugepage/enabled")).strip()
    return (
        f"{os.cpu_count()} processors ({model or platform.machine()}), {memory / 2**20:.0f} GiB, {platform.system()} "
        f"{platform.release()}, transparent huge pages: {pages or 'unknown'}; CPython {platform.python_version()}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []

"""Writes docs/benchmarks.md: what was measured, on what, by which command, and which targets are met or missed."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from benchmarks.contest import Contest
from benchmarks.samples import Samples
from benchmarks.targets import Verdict, contest_verdicts, single_verdicts

_OURS = "session migrator"
_TITLES = {
    "cells": "A loop of trivial cells",
    "busy": "In the middle of a cell",
    "large": "A large array",
}
_HEAD = """\
# Benchmarks

Written by `make bench` (`{command}`) on {date}; do not edit.

Machine: {machine}. Load average when it began: {load}. **Other work ran on this machine at the same time**: times are medians of the runs, with the
least and the greatest in brackets, and ratios within one run say more than seconds. Peers ran in turn with us, in the same run.

The real path is measured: an ipykernel, the agent in it, encryption, and a store in a folder, synced to the disk at the end. The
peers' files are neither encrypted nor synced. "First": everything; "element": after one element of the large object changed; "small":
after `x += 1`. The restoration is into a fresh kernel that has numpy and pandas imported already.
"""


class Document:
    """The parts of the page, in the order in which they were measured."""

    def __init__(self, args: argparse.Namespace, began: float) -> None:
        date = dt.datetime.fromtimestamp(began, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        self._head = _HEAD.format(command=args.command, date=date, machine=_machine(), load=f"{os.getloadavg()[0]:.1f}")
        if args.quick:
            self._head += "\n**A quick run with small states: its numbers say nothing about the targets.**\n"
        self._parts: list[str] = []
        self._verdicts: list[Verdict] = []

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
            "bytes: first / element / small",
            "restore",
            "runs",
            "restored",
        ]
        self._parts.append(f"## {contest.state.title}\n\n{_table(head, rows)}")
        self._verdicts += contest_verdicts(contest.state, contest.samples)

    def single(self, name: str, samples: Samples) -> None:
        """Add one of the other measurements."""
        rows = [[key, samples.cell(key, _unit(key))] for key in samples.values]
        notes = "".join(f"\n{note}\n" for note in samples.notes)
        self._parts.append(f"## {_TITLES[name]}\n\n{_table(['', ''], rows)}{notes}")
        self._verdicts += single_verdicts(name, samples)

    def text(self) -> str:
        """The whole page."""
        rows = [[each.measure, each.target, each.found, each.outcome] for each in self._verdicts]
        targets = f"## Targets\n\n{_table(['measure', 'target', 'found', ''], rows)}"
        return "\n".join([self._head, targets, *self._parts])


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
    )


def _unit(key: str) -> str:
    if key == "extra memory":
        return "bytes"
    if "pause" in key:
        return "ms"
    return "" if key in ("GiB", "cost", "extra share") or "snapshots" in key else "s"


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

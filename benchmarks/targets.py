"""The targets of the project, and whether what was found meets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.samples import Samples
from benchmarks.states import State

_OURS = "session migrator"
_PICKLES = ("cloudpickle", "dill", "ElasticKernel 0.2.3", "Kishu 0.3.4")


class Verdict(NamedTuple):
    """One line of the table of targets."""

    measure: str
    target: str
    found: str
    outcome: str


def verdict(measure: str, found: float | None, limit: float, unit: str = "s") -> Verdict:
    """At most `limit`: met, or missed by how much."""
    if found is None:
        return Verdict(measure, f"<= {_show(limit, unit)}", "not measured", "-")
    outcome = "met" if found <= limit else "**missed**" + (f" by a factor of {found / limit:.1f}" if limit else "")
    return Verdict(measure, f"<= {_show(limit, unit)}", _show(found, unit), outcome)


def contest_verdicts(state: State, samples: dict[str, Samples]) -> Iterator[Verdict]:
    """The targets of one state."""
    ours = samples[_OURS]
    what = state.title
    kind = state.name.partition("-")[0]
    if kind in ("array", "objects"):
        yield verdict(f"pause, {what}", ours.median("pause"), 0.005 if kind == "array" else 0.040, "ms")
    yield verdict(f"first snapshot over cloudpickle's, {what}", _ratio(samples, "first", ("cloudpickle",)), 1.2, "x")
    synced, first = samples["cloudpickle"].median("synced"), ours.median("first")
    yield verdict(
        f"the same with its file synced as ours are, {what}", first / synced if synced and first else None, 1.2, "x"
    )
    if kind == "array":
        yield verdict(f"element changed, {what}", ours.median("element"), 0.15)
        yield verdict(f"bytes then, {what}", ours.median("element bytes"), 5 * 2**20, "MiB")
        yield verdict(f"usable after a restoration, {what}", ours.median("restore"), 0.4)
    if kind == "objects":
        yield verdict(f"`x += 1` beside {what}", ours.median("small"), 0.1)
        yield verdict(f"bytes then, {what}", ours.median("small bytes"), 64 * 1024, "KiB")
    yield verdict(
        f"restoration over the fastest peer's that pickles, {what}", _ratio(samples, "restore", _PICKLES), 1.0, "x"
    )
    warm, theirs = ours.median("warm"), _fastest(samples, "restore", _PICKLES)
    yield verdict(
        f"the same with ours in the page cache too, {what}", warm / theirs if warm and theirs else None, 1.0, "x"
    )
    yield verdict(f"the same from the disk, {what}", _ratio(samples, "cold", _PICKLES), 1.0, "x")


def single_verdicts(name: str, samples: Samples) -> Iterator[Verdict]:
    """The targets of the other measurements."""
    if name == "cells":
        yield verdict("cost to a loop that runs one trivial cell", samples.median("one cell: cost"), 0.03, "%")
        yield verdict("the same, each cell with a text of its own", samples.median("new cells: cost"), 0.03, "%")
    elif name == "busy":
        idle, busy = samples.median("idle"), samples.median("busy")
        yield verdict("first snapshot in a busy cell over idle", busy / idle if busy and idle else None, 1.1, "x")
    elif name == "moves":
        yield from _move_verdicts(samples)
    elif name == "blanks":
        for what in ("keystroke", "run"):
            name = f"longest wait of a {what}"
            yield verdict(f"longest that a {what} waited in a live move with 200 MB, median", samples.median(name), 2)
    elif name == "resumes":
        yield verdict(
            "a cell has answered after a click on Resume, 1 GiB",
            samples.median("a cell has answered after the click"),
            3,
        )
        yield verdict(
            "the same by the link, which loads the page anew", samples.median("a cell has answered after the link"), 3
        )
    elif samples.values:
        yield verdict("memory beside the state", samples.median("extra share"), 0.10, "%")


def _move_verdicts(samples: Samples) -> Iterator[Verdict]:
    back = "live: page back after the switch"
    yield verdict("page back after the route's switch, live, median", samples.median(back), 0.3)
    yield verdict("page back after the route's switch, live, worst", _worst(samples, back), 0.5)
    steps = samples.values.get("live: steps at the source after the switch", [])
    yield verdict("steps of a cell at the source after that switch", sum(steps) if steps else None, 0, "")
    durable = samples.values.get("short: durable before the kill", [])
    late = len(durable) - sum(durable)
    yield verdict(f"of {len(durable)} short notices, not durable in time", late if durable else None, 0, "")
    again = samples.values.get("kill: runs of a cell after the snapshot that holds it", [])
    yield verdict("cells run again after a kill that the snapshot holds", sum(again) if again else None, 0, "")
    yield verdict("page back after a kill, worst", _worst(samples, "kill: page back after the kill"), 10)


def _worst(samples: Samples, name: str) -> float | None:
    return max(samples.values.get(name, []), default=None)


def _ratio(samples: dict[str, Samples], name: str, others: tuple[str, ...]) -> float | None:
    ours, theirs = samples[_OURS].median(name), _fastest(samples, name, others)
    return ours / theirs if ours and theirs else None


def _fastest(samples: dict[str, Samples], name: str, others: tuple[str, ...]) -> float | None:
    return min(filter(None, (samples[other].median(name) for other in others if other in samples)), default=None)


def _show(value: float, unit: str) -> str:
    scale = {"ms": 1e3, "%": 100.0, "MiB": 2.0**-20, "KiB": 2.0**-10}.get(unit, 1.0)
    return f"{value * scale:.3g} {unit}"

"""What one snapshot is to take, and what was taken: words that the capture shares with those who ask it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict

from migrator.snapshot import Manifest

JsonDict = Dict[str, Any]


async def _nothing() -> None:
    """No step between kernels and files."""


@dataclass
class Plan:
    """What one snapshot takes: kernels to save at a boundary within `patience` s, files or not.

    `freeze`: each kernel is stopped at the instant of its fork, and one whose cell does not end is salvaged beside its
    last checkpoint; then comes `before_files`.
    """

    save: set[str]
    freeze: bool = False
    files: bool = True
    patience: float = 5.0
    timeout: float = 120.0
    before_files: Callable[[], Awaitable[None]] = _nothing


@dataclass
class Result:
    """What was taken. `saved` names the kernels whose state is new; `failed` says why others' is not."""

    manifest: Manifest
    saved: dict[str, JsonDict]
    failed: dict[str, str]
    bytes_written: int
    work_s: float


def at_risk(result: Result, reasons: dict[str, str]) -> list[JsonDict]:
    """What the last snapshot does not hold, or not as it is, for the page: `[{"kernel", "path", "name", "reason"}]`."""
    rows: list[JsonDict] = []
    for kernel, entry in result.manifest.body["kernels"].items():
        about = {"kernel": kernel, "path": entry["path"]}
        report = entry["report"]
        told = [*report.get("lost", []), *report.get("changed", [])]
        rows += [{**about, "name": x["name"], "reason": x["reason"]} for x in told]
        if not entry["parts"] and kernel in reasons:
            rows.append({**about, "name": "all variables", "reason": reasons[kernel]})
    return rows


def covered(result: Result) -> list[JsonDict]:
    """What the last snapshot holds: `[{"kernel", "path", "names", "bytes"}]`."""
    blobs = result.manifest.blobs
    return [
        {
            "kernel": kernel,
            "path": entry["path"],
            "names": len(entry["report"].get("saved", [])),
            "bytes": sum(blobs[p].length for p in entry["parts"] if p in blobs),
        }
        for kernel, entry in result.manifest.body["kernels"].items()
        if entry["parts"]
    ]

"""What a manifest says about one kernel."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class KernelEntry:
    """One kernel's saved state: the blobs it consists of, in order, where the kernel stood, and what was saved.

    `prefix`: what each blob's name begins with; the rest is the name of the part inside the kernel.
    `boundary`: `last_msg_id` (its effects and those of all before it are in the state), `execution_count`, `mid_cell`,
    `current_msg_id`. `report`: `saved`, `lost`, `changed` (what will come back otherwise than it was), `notes` (for an operator's
    eyes), `pause_s`, ... `python`: version of the kernel.
    """

    parts: list[str]
    boundary: dict[str, Any]
    report: dict[str, Any] = field(default_factory=dict)
    python: str = ""
    prefix: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object, for the body of a manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> KernelEntry:
        """The inverse of `to_json`; fields that later versions added are ignored. KeyError without parts or boundary."""
        return cls(
            parts=list(data["parts"]),
            boundary=dict(data["boundary"]),
            report=dict(data.get("report") or {}),
            python=str(data.get("python", "")),
            prefix=str(data.get("prefix", "")),
        )


def changed(*reports: dict[str, Any]) -> list[dict[str, Any]]:
    """What agents' reports say came back otherwise than it was, each once: what a fingerprint showed, and what was warned of.

    A warning names what it is about before its first colon.
    """
    found = [dict(each) for report in reports for each in report.get("changed", [])]
    for text in [text for report in reports for text in report.get("warnings", [])]:
        name, _, reason = text.partition(": ")
        found.append({"name": name, "reason": reason})
    return [each for number, each in enumerate(found) if each not in found[:number]]

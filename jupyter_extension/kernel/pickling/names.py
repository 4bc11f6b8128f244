"""What a root is called in the report: the names of parts are for the snapshot, not for people."""

from __future__ import annotations

from typing import Any


def shown(root: str) -> str | None:
    """Give the name of a variable, an output or a class; None for settings, which are no objects of the user's."""
    if root.startswith("history:out:"):
        return f"Out[{root.rpartition(':')[2]}]"
    if root.startswith("class:"):
        return root.split(":")[1].replace("__main__.", "", 1)
    if root.startswith("edited:"):
        return root.partition(":")[2]
    return None if ":" in root or root == "modules" else root


def sorted_out(losses: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Give the losses with the names to show, each once, and as notes those in what libraries keep for themselves."""
    lost: dict[tuple[str, str], dict[str, Any]] = {}
    notes = []
    for entry in losses:
        name = shown(entry["name"])
        if name is None:
            notes.append(f"{entry['name'].rpartition('.')[2]}: {entry['reason']}")
        else:
            lost.setdefault((name, entry["reason"]), dict(entry, name=name))
    return list(lost.values()), notes

"""What to do with each request of the redo log at the new place: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable

from jupyter_extension.record.redo_log import RedoLog
from jupyter_extension.record.request import Request

JsonDict = Dict[str, Any]

RUN = "run"  # it had not ended: run it, heard by the page
MUTED = "muted"  # it had ended after the checkpoint: run it for its effects, unheard
SKIP = "skip"  # its author forbade a second run
ABORT = "abort"  # it was queued behind a cell that is left un-run
DELIVER = "deliver"  # its effects are in the snapshot; the page may not have heard the end


@dataclass
class Step:
    """One request and what becomes of it."""

    request: Request
    action: str
    had_ended: bool


def logs_of(
    redo: Iterable[JsonDict], journal: Iterable[JsonDict], output_limit: int
) -> tuple[dict[str, RedoLog], JsonDict]:
    """The redo logs by kernel, and the newest layout that the journal tells of (empty if none)."""
    logs: dict[str, RedoLog] = {}
    layout: JsonDict = {}
    for entry in [*redo, *journal]:
        if entry["type"] == "layout":
            layout = entry["layout"]
            continue
        kernel = str(entry["kernel"])
        logs.setdefault(kernel, RedoLog(kernel, output_limit)).apply(entry)
    return logs, layout


def steps_of(log: RedoLog, *, stateless: bool = False) -> list[Step]:
    """The steps in the order of arrival. `stateless`: the variables are lost, so that no cell may run on top of them."""
    steps: list[Step] = []
    aborting = stateless
    for request in log.requests.values():
        action = _action(request)
        if aborting and action == RUN and request.is_cell:
            action = ABORT
        elif stateless and action == MUTED:
            action = DELIVER
        if action == SKIP and not request.done:
            aborting = True
        steps.append(Step(request, action, request.done))
    return steps


def _action(request: Request) -> str:
    if request.covered or request.was_aborted:
        return DELIVER
    if request.no_rerun and (request.started or request.done):
        return SKIP
    if request.done and request.changes_state:
        return MUTED
    return RUN

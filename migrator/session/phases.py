"""How a session goes from phase to phase: pure functions from record to record, so that every path can be tested.

    starting -> active -> moving -> active (under the next epoch)      a move; cancelled: back to active
                active | moving -> suspended -> moving -> active       suspend and resume
                any -> ended

The fence is the one step that changes the owner, and with it the epoch: from there on the former owner is refused.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from migrator.session.errors import PhaseError
from migrator.session.record import TIMELINE_LENGTH, Event, Owner, Record, Target


def started(record: Record, address: str | None = None, *, at: float | None = None) -> Record:
    """Make a session active: its server has answered for the first time. Harmless if it is active already."""
    _need(record, "start", "starting", "active", "moving")
    if record.owner is None:
        raise PhaseError(f"session {record.id} cannot start: it has no owner")
    owner = replace(record.owner, address=address or record.owner.address)
    phase = "active" if record.phase == "starting" else record.phase
    return _changed(record, at, phase=phase, owner=owner)


def begin_move(record: Record, target: Target | None = None, *, at: float | None = None) -> Record:
    """Begin to move an active session; the target may become known later (call again with one)."""
    if record.phase == "moving" and record.owner is not None and record.target is None and target is not None:
        return _changed(record, at, target=target)
    _need(record, "move", "active", "starting")
    return _changed(record, at, phase="moving", target=target)


def retarget(record: Record, target: Target | None, *, at: float | None = None) -> Record:
    """Go to another target: the one before refused, or did not answer in time. `None`: none is known yet."""
    _need(record, "get another target", "moving")
    return _changed(record, at, target=target)


def cancel_move(record: Record, *, at: float | None = None) -> Record:
    """Call a move off before its fence: the owner goes on. After the fence there is no way back."""
    _need(record, "stay", "moving")
    if record.owner is None:
        raise PhaseError(f"session {record.id} cannot stay: it was suspended and has no server to stay on; suspend it")
    return _changed(record, at, phase="active", target=None)


def fence(record: Record, new_owner: Owner, *, at: float | None = None) -> Record:
    """Give the session to the target of its move, under the next epoch. The former owner is refused from here on."""
    _need(record, "change its owner", "moving")
    if record.target is None or (new_owner.member, new_owner.server) != (record.target.member, record.target.server):
        raise PhaseError(f"session {record.id} can only be given to the target of its move, {record.target}")
    now = _now(at)
    owner = replace(new_owner, since=new_owner.since or now)
    moved = _changed(record, now, epoch=record.epoch + 1, phase="active", owner=owner, target=None)
    return noted(moved, "fenced", {"epoch": moved.epoch, "member": owner.member}, at=now)


def saved(
    record: Record,
    snapshot: str,
    state_bytes: int | None = None,
    notebooks: int | None = None,
    *,
    at: float | None = None,
) -> Record:
    """Name a snapshot that is durable; the session's next restoration uses it."""
    _need(record, "be saved", "starting", "active", "moving")
    size = record.state_bytes if state_bytes is None else state_bytes
    open_ones = record.notebooks if notebooks is None else notebooks
    changes = {"snapshot": snapshot, "snapshot_at": _now(at), "state_bytes": size, "notebooks": open_ones}
    return _changed(record, at, **changes)


def suspend(record: Record, *, at: float | None = None) -> Record:
    """Let go of the server, under the next epoch so that it cannot write any more; the snapshot stays."""
    _need(record, "be suspended", "active", "moving", "starting")
    now = _now(at)
    alone = _changed(record, now, epoch=record.epoch + 1, phase="suspended", owner=None, target=None)
    return noted(alone, "suspended", {"epoch": alone.epoch}, at=now)


def begin_resume(record: Record, target: Target | None = None, *, at: float | None = None) -> Record:
    """Begin to bring a suspended session back: a move without a source."""
    _need(record, "resume", "suspended")
    return _changed(record, at, phase="moving", target=target)


def end(record: Record, *, at: float | None = None) -> Record:
    """End a session for good, under the next epoch so that nothing of it can write any more. Harmless if it is ended."""
    if record.phase == "ended":
        return record
    return _changed(record, at, epoch=record.epoch + 1, phase="ended", owner=None, target=None)


def noted(record: Record, event: str, detail: dict[str, Any] | None = None, *, at: float | None = None) -> Record:
    """Add to the timeline, which keeps its latest 200 events."""
    now = _now(at)
    timeline = (*record.timeline, Event(now, event, detail or {}))[-TIMELINE_LENGTH:]
    return replace(record, timeline=timeline, updated=now)


def stopping(record: Record, *, at: float | None = None) -> Record:
    """The owner's server was told to stop (a SIGTERM) and says so. Harmless if it has."""
    if record.owner is None or is_stopping(record):
        return record
    return noted(record, "stopping", {"epoch": record.epoch, "address": record.owner.address}, at=at)


def is_stopping(record: Record) -> bool:
    """Whether the server that owns the session now said that it was told to stop; one that was killed never does."""
    address = record.owner.address if record.owner else None
    sought = {"epoch": record.epoch, "address": address}
    return any(each.event == "stopping" and each.detail == sought for each in record.timeline)


def is_saved_to_the_end(record: Record) -> bool:
    """Whether its server, told to stop, stood still and saved all that it had: nothing is lost by its end."""
    told = max((n for n, each in enumerate(record.timeline) if each.event == "stopping"), default=None)
    return told is not None and is_stopping(record) and any(each.event == "durable" for each in record.timeline[told:])


def _need(record: Record, what: str, *phases: str) -> None:
    if record.phase not in phases:
        raise PhaseError(
            f"session {record.id} cannot {what}: it is {record.phase}, and would have to be {' or '.join(phases)}"
        )


def _changed(record: Record, at: float | None, **changes: Any) -> Record:
    return replace(record, updated=_now(at), **changes)


def _now(at: float | None) -> float:
    return time.time() if at is None else at

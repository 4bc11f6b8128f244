"""One event type for all warnings, whoever gives them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a session's place goes away. The values are told to users and counted in metrics."""

    STOPPED = "stopped"  # deleted without a reason given: the hub (user, culler), or somebody with kubectl
    EVICTED = "evicted"  # the Eviction API: drain, autoscalers
    PREEMPTED = "preempted"  # the scheduler needs the room for a pod of higher priority
    TAINTED = "tainted"  # a NoExecute taint on the node
    DRAINED = "drained"  # the node takes no new pods: a drain begins, or will
    SCALED_DOWN = "scaled-down"  # an autoscaler takes the node away
    RECLAIMED = "reclaimed"  # the cloud takes its spare machine back
    AT_RISK = "at-risk"  # the cloud thinks that it soon may
    MAINTENANCE = "maintenance"  # the cloud has announced work on the machine
    SHUTDOWN = "shutdown"  # the node is shutting down in order
    FORCED = "forced"  # deleted at once: its processes run on for a moment, and nobody says when they have ended
    DISOWNED = "disowned"  # its hub has given up the server, which lives
    LOST = "lost"  # the node, or the pod, does not answer or is gone
    OUT_OF_MEMORY = "out-of-memory"  # killed at its limit


@dataclass(frozen=True)
class Notice:
    """A warning for one session, or for every session on one machine."""

    cause: Cause
    deadline: float | None
    """When the place may be gone, in Unix seconds; None: no time is known, there is no hurry."""
    detail: str
    """In the words of whoever gave the warning."""
    machine: str | None = None
    session: str | None = None
    address: str | None = None
    """IP address of the pod that is meant: a session that has already moved has another."""

    def presses_more_than(self, earlier: Notice | None) -> bool:
        """Whether this one says something that the earlier one did not: less time, or a first time at all."""
        if earlier is None:
            return True
        if self.deadline is None:
            return False
        return earlier.deadline is None or self.deadline < earlier.deadline - 1.0

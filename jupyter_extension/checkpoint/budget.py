"""Whether saving a kernel now is worth what it costs the user: pure arithmetic over what was measured before."""

from __future__ import annotations

from dataclasses import dataclass

# What a snapshot costs its kernel beside the pause: two thousand pages that it writes next are copied. As `reserve.TAIL_S`.
AFTER_S = 0.025


@dataclass(frozen=True)
class Limits:
    """The settings that bound background snapshots; seconds and fractions, see `settings.py`."""

    min_interval_s: float
    kernel_share: float
    machine_share: float


@dataclass
class Ledger:
    """What one kernel has done and cost since its last checkpoint; times are of one monotonic clock."""

    dirty_since: float | None = 0.0
    tried_at: float = float("-inf")
    pause_s: float = 0.0
    work_s: float = 0.0

    def touched(self, now: float) -> None:
        """A request began or ended."""
        if self.dirty_since is None:
            self.dirty_since = now

    def due_at(self, limits: Limits) -> float | None:
        """When the kernel should be saved, running or not; None means that there is nothing new.

        Before that another snapshot would take more than its share: the last one is recent enough, and the cells since
        are few enough to be run again. A running cell is no reason to wait: the snapshot is armed, and taken at its end.
        """
        if self.dirty_since is None:
            return None
        cost = (self.pause_s + AFTER_S) / limits.kernel_share if self.pause_s else 0.0
        return self.tried_at + max(limits.min_interval_s, cost, self.work_s / limits.machine_share)

    def saving(self, now: float) -> Ledger:
        """A save begins; what happens from here on is counted anew. Returns what to go back to if it fails."""
        before = Ledger(**vars(self))
        self.tried_at, self.dirty_since = now, None
        return before

    def saved(self, pause_s: float, work_s: float) -> None:
        """The save succeeded and cost this."""
        self.pause_s, self.work_s = pause_s, work_s

    def failed(self, before: Ledger) -> None:
        """The save failed: nothing of what was unsaved is saved."""
        self.dirty_since = before.dirty_since if before.dirty_since is not None else self.dirty_since

"""Whether saving a kernel now is worth what it costs the user: pure arithmetic over what was measured before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The settings that bound background snapshots; seconds and fractions, see `settings.py`."""

    min_interval_s: float
    max_age_s: float
    cheap_redo_s: float
    kernel_share: float
    machine_share: float


@dataclass
class Ledger:
    """What one kernel has done and cost since its last checkpoint; times are of one monotonic clock."""

    dirty_since: float | None = 0.0
    cell_s: float = 0.0
    running_since: float | None = None
    tried_at: float = float("-inf")
    pause_s: float = 0.0
    work_s: float = 0.0
    saved_once: bool = False

    def started(self, now: float) -> None:
        """A cell began."""
        self.running_since = now
        if self.dirty_since is None:
            self.dirty_since = now

    def done(self, now: float) -> None:
        """A request ended."""
        if self.running_since is not None:
            self.cell_s += now - self.running_since
            self.running_since = None
        if self.dirty_since is None:
            self.dirty_since = now

    def redo_s(self, now: float) -> float:
        """How long running everything since the checkpoint again would take."""
        running = now - self.running_since if self.running_since is not None else 0.0
        return self.cell_s + running

    def pause_until(self, limits: Limits) -> float:
        """Before this moment another snapshot would take more than its share."""
        pause = max(limits.min_interval_s, self.pause_s / limits.kernel_share, self.work_s / limits.machine_share)
        return self.tried_at + pause

    def due_at(self, now: float, limits: Limits) -> float | None:
        """When the kernel should be saved: at or before `now` means now; None means that there is nothing new."""
        if self.dirty_since is None:
            return None
        wanted = now if not self.saved_once else self.dirty_since + limits.max_age_s
        missing = limits.cheap_redo_s - self.redo_s(now)
        if missing <= 0:
            wanted = now
        elif self.running_since is not None:
            wanted = min(wanted, now + missing)
        return max(wanted, self.pause_until(limits))

    def saving(self, now: float) -> Ledger:
        """A save begins; what happens from here on is counted anew. Returns what to go back to if it fails."""
        before = Ledger(**vars(self))
        self.tried_at, self.cell_s, self.dirty_since = now, 0.0, None
        if self.running_since is not None:
            self.running_since = self.dirty_since = now
        return before

    def saved(self, pause_s: float, work_s: float) -> None:
        """The save succeeded and cost this."""
        self.pause_s, self.work_s, self.saved_once = pause_s, work_s, True

    def failed(self, before: Ledger, work_s: float) -> None:
        """The save failed: nothing of what was unsaved is saved."""
        self.cell_s += before.cell_s
        if before.dirty_since is not None:
            self.dirty_since = before.dirty_since
        self.work_s = work_s

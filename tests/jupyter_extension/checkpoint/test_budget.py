"""When a kernel is saved in the background."""

from __future__ import annotations

import pytest

from jupyter_extension.checkpoint.budget import AFTER_S, Ledger, Limits
from jupyter_extension.settings import Settings

LIMITS = Limits(min_interval_s=1.0, kernel_share=0.015, machine_share=0.1)


def saved(pause_s: float, work_s: float, at: float = 100.0) -> Ledger:
    """The ledger of a kernel that was saved, and worked on since."""
    ledger = Ledger()
    ledger.saving(at)
    ledger.saved(pause_s, work_s)
    ledger.touched(at + 0.1)
    return ledger


def test_nothing_new_is_never_due() -> None:
    ledger = Ledger()
    ledger.saving(5.0)
    assert ledger.due_at(LIMITS) is None


def test_the_first_save_is_due_at_once() -> None:
    assert Ledger().due_at(LIMITS) == float("-inf")


@pytest.mark.parametrize(
    ("pause_s", "work_s", "waits_s"),
    [
        (0.0, 0.01, 1.0),  # nothing was paused: the least interval
        (0.005, 0.01, (0.005 + AFTER_S) / 0.015),
        (0.005, 5.0, 50.0),
    ],
)
def test_the_dearest_share_decides_how_long_it_rests(pause_s: float, work_s: float, waits_s: float) -> None:
    assert saved(pause_s, work_s).due_at(LIMITS) == pytest.approx(100.0 + waits_s)


def test_a_loop_of_short_cells_pays_what_the_settings_say() -> None:
    """However many cells: pauses and what follows them stay within the share of the kernel's time."""
    settings = Settings()
    limits = Limits(settings.min_interval_s, settings.kernel_share, settings.machine_share)
    now, cost = 0.0, 0.0
    ledger = Ledger()
    while now < 600.0:
        ledger.touched(now)
        due = ledger.due_at(limits)
        assert due is not None
        now = max(now, due)
        ledger.saving(now)
        ledger.saved(0.004, 0.05)
        cost += 0.004 + AFTER_S
    assert cost / now <= settings.kernel_share * 1.01


def test_a_save_that_failed_leaves_everything_unsaved() -> None:
    ledger = Ledger()
    before = ledger.saving(3.0)
    ledger.failed(before)
    assert ledger.dirty_since == 0.0
    assert ledger.due_at(LIMITS) == 4.0

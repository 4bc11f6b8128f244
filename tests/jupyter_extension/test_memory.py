"""The warning before the container's memory is used up."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from jupyter_extension.checkpoint import kernel_states
from jupyter_extension.checkpoint.kernel_states import NEEDED, KernelStates
from jupyter_extension.checkpoint.plan import Plan
from jupyter_extension.feed import Feed
from jupyter_extension.kernel.cgroup import Memory
from jupyter_extension.memory import ROOM, MemoryWatch, snapshot_budget
from jupyter_extension.status import Status

LIMIT = 100 << 30
SHORT = {"cause": "memory", "deadline": None}


class Pod:
    """A status, a watch, and how often it had the session saved."""

    def __init__(self) -> None:
        self.status, self.saves = Status(Feed()), 0
        self.watch = MemoryWatch(self.status, self.save, share=0.9)

    def save(self) -> None:
        self.saves += 1

    def uses(self, *shares: float) -> tuple[Any, int]:
        for share in shares:
            self.watch.heed(Memory(LIMIT, int(share * LIMIT)))
        return self.status.notice, self.saves


def test_a_nearly_full_container_leaves_a_snapshot_little():
    assert snapshot_budget(None) > 1 << 40
    assert snapshot_budget(Memory(600, 0)) == 100
    assert snapshot_budget(Memory(600, 590)) == 1
    assert snapshot_budget(Memory(600, 700)) < 0  # a writer takes its least


def test_all_is_saved_and_the_page_is_told_once():
    assert Pod().uses(0.5, 0.89) == (None, 0)
    assert Pod().uses(0.5, 0.9, 0.91, 0.9) == (SHORT, 1)


def test_it_is_saved_again_when_much_more_is_in_use():
    assert Pod().uses(0.9, 0.95, 0.96, 0.99) == (SHORT, 3)


def test_it_is_over_when_memory_was_given_back_and_not_at_the_edge():
    pod = Pod()
    assert pod.uses(0.92, 0.88) == (SHORT, 1)
    assert pod.uses(0.8) == (None, 1)
    assert pod.uses(0.9) == (SHORT, 2)


def test_a_machines_end_is_not_covered_up():
    pod, ending = Pod(), {"cause": "drain", "deadline": 1e12}
    pod.status.warn("drain", 1e12)
    assert pod.uses(0.95, 0.1) == (ending, 1)


@pytest.mark.parametrize(("share", "memory"), [(0.9, None), (0.0, Memory(100, 99))])
async def test_nobody_looks_where_there_is_no_limit_or_no_wish(share, memory):
    watch = MemoryWatch(Status(Feed()), lambda: pytest.fail("saved"), share=share, look=lambda: memory)
    await asyncio.wait_for(watch.run(), 60)


def test_in_a_small_container_it_comes_while_a_snapshot_still_fits():
    status, saves, limit = Status(Feed()), [], 700 << 20
    watch = MemoryWatch(status, lambda: saves.append(1), share=0.9)
    watch.heed(Memory(limit, limit - ROOM - 1))
    assert (status.notice, saves) == (None, [])
    watch.heed(Memory(limit, limit - ROOM + 1))
    assert (status.notice, saves) == (SHORT, [1])


async def test_a_snapshot_that_memory_might_not_suffice_for_is_not_begun(monkeypatch):
    """It would be the kernel that pays for it; a last snapshot is taken all the same."""
    states = KernelStates(None, None, logging.getLogger("test"))
    monkeypatch.setattr(kernel_states, "leaves", lambda wanted: wanted < NEEDED)
    saved, failed = await states.save(None, Plan(save={"k"}), {"k": {}}, {})
    assert (saved, list(failed)) == ({}, ["k"])
    assert "too little memory" in failed["k"]
    last = await states.save(None, Plan(save={"k"}, freeze=True), {"k": {}}, {})
    assert "too little memory" not in last[1]["k"], "it was tried: there are no agents in this test"

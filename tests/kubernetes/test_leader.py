"""Of two controllers one leads, and when it goes the other takes over."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from migrator.controller.leader import Leader

pytestmark = pytest.mark.kubernetes


class Candidate:
    """A controller that does nothing but lead."""

    def __init__(self, api, namespace, name) -> None:
        self.leader = Leader(api, namespace, "controller", name, duration_s=4.0, renew_s=0.5)
        self.leading = asyncio.Event()
        self.task = asyncio.create_task(self.leader.run(self.work))

    async def work(self) -> None:
        self.leading.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leading.clear()

    async def die(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def first(api, namespace):
    """The one that leads."""
    candidate = Candidate(api, namespace, "first")
    await asyncio.wait_for(candidate.leading.wait(), 60)
    yield candidate
    await candidate.die()


@pytest.fixture
async def second(api, namespace, first):
    """The one that waits."""
    candidate = Candidate(api, namespace, "second")
    yield candidate
    await candidate.die()


async def test_the_second_takes_over_when_the_first_dies(first, second):
    assert not second.leading.is_set()
    await first.die()
    await asyncio.wait_for(second.leading.wait(), 60)
    assert not first.leading.is_set()


async def test_a_lease_given_up_is_taken(first, second):
    await first.die()
    await first.leader.release()
    await asyncio.wait_for(second.leading.wait(), 60)
    assert not first.leading.is_set()

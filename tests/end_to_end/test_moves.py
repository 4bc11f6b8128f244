"""An open page outlives its machine: with a long notice, a short one, and none at all; and a suspension."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.end_to_end.journey import Journey
from tests.rigs.browser import Lab
from tests.rigs.busy_user import busy_user
from tests.rigs.federation import Federation

STORY_S = 300
"""A page that never answers must fail the test where it waits, not where pytest's own limit finds it."""

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(420)]


@pytest.fixture
async def journey(federation: Federation, lab: Lab, results) -> AsyncIterator[Journey]:
    started = Journey(federation, lab, results)
    await started.begin()
    yield started
    await started.screenshot("end")
    await federation.end_session(lab.user)


@pytest.mark.parametrize("notice_s", [30, 5, 0])
async def test_the_page_goes_on_when_its_machine_is_preempted(journey, federation, notice_s):
    async with asyncio.timeout(STORY_S):
        await journey.start_long_cell()
        journey.page_must_stay()
        await federation.preempt(journey.source, notice_s)
        arrived = await journey.arrive()
        await journey.finish_long_cell()
        journey.nothing_ran_twice_at_a_time(arrived)
        await journey.variables_and_files_are_right(
            counter=42, next_count=6, ran_once=["setup", "finished", "queued 1", "queued 2"]
        )
        await journey.all_goes_on()


async def test_a_suspended_session_comes_back(journey, federation):
    async with asyncio.timeout(STORY_S):
        journey.page_must_stay()
        session = (await federation.session_of(journey.lab.user))["id"]
        done = federation.migrator("suspend", session)
        assert done.returncode == 0, done.stderr
        await federation.wait_for_session(journey.lab.user, lambda record: record["phase"] == "suspended")
        await journey.runs_nowhere()
        await federation.resume(session)
        await federation.wait_for_session(journey.lab.user, lambda record: record["phase"] == "active")
        await journey.wait_for_server()
        await journey.lab.wait_for_kernel()
        await journey.variables_and_files_are_right(counter=41, next_count=3, ran_once=["setup", "finished"])
        await journey.all_goes_on()


async def test_what_is_typed_and_run_on_the_way_is_there_once(journey, federation):
    async with asyncio.timeout(STORY_S):
        journey.page_must_stay()
        async with busy_user(journey.lab) as served:
            await federation.preempt(journey.source, 30)
            await journey.arrive()
        assert len(served.runs) > 10
        await journey.page_stayed()

"""An open page outlives its machine: with a long notice, a short one, and none at all; and a suspension."""

from __future__ import annotations

import asyncio

import pytest

from tests.rigs.busy_user import busy_user

STORY_S = 300
"""A page that never answers must fail the test where it waits, not where pytest's own limit finds it."""

pytestmark = [pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(420)]


BANNERS = {30: ["moves to another machine"], 5: ["moves to another machine"], 0: ["does not answer"]}
TIMELINES = {
    30: ["notice", "frozen", "durable", "restored", "routed", "page-back"],
    5: ["notice", "frozen", "durable", "restored", "routed", "page-back"],
    0: ["notice", "fenced", "restored", "routed", "page-back"],
}


@pytest.mark.parametrize("notice_s", [30, 5, 0])
async def test_the_page_goes_on_when_its_machine_is_preempted(journey, notice_s):
    async with asyncio.timeout(STORY_S):
        await journey.start_long_cell()
        journey.page_must_stay()
        death = await journey.preempt(notice_s)
        arrived = await journey.arrive()
        await journey.finish_long_cell()
        journey.nothing_ran_twice_at_a_time(arrived)
        await journey.variables_and_files_are_right(
            counter=42, next_count=6, ran_once=["setup", "finished", "queued 1", "queued 2"]
        )
        await death
        await journey.all_goes_on()
        await journey.banner_said(*BANNERS[notice_s], "Your session has moved. Everything came back.")
        await journey.status_page_tells(*TIMELINES[notice_s])
        await journey.logs_tell()


async def test_a_suspended_session_comes_back(journey, federation):
    async with asyncio.timeout(STORY_S):
        await journey.start_long_cell()
        journey.page_must_stay()
        session = (await federation.session_of(journey.lab.user))["id"]
        done = federation.migrator("suspend", session)
        assert done.returncode == 0, done.stderr
        await federation.wait_for_session(journey.lab.user, lambda record: record["phase"] == "suspended")
        await journey.runs_nowhere()
        await federation.press(journey.lab.context, journey.lab.user, "Resume")
        await federation.wait_for_session(journey.lab.user, lambda record: record["phase"] == "active")
        await journey.finish_long_cell()
        await journey.variables_and_files_are_right(
            counter=42, next_count=6, ran_once=["setup", "finished", "queued 1", "queued 2"]
        )
        await journey.all_goes_on()


async def test_what_is_typed_and_run_on_the_way_is_there_once(journey, federation):
    async with asyncio.timeout(STORY_S):
        journey.page_must_stay()
        async with busy_user(journey.lab) as served:
            await federation.press(journey.lab.context, f"Member {journey.source}", "30 s notice")
            await journey.arrive()
        assert len(served.runs) > 10
        await journey.page_stayed()

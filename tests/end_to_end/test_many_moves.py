"""A page that stays open over twenty moves: nothing piles up on it, and nothing is said twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession

from tests.end_to_end.journey import Journey
from tests.rigs.browser import Lab
from tests.rigs.federation import Federation

MOVES = 20
WARM = 3
"""So many moves come before the first measurement: code that is loaded at a first move is no leak."""
NOTICE_S = 8
MOVE_S = 180
GROWTH = 1.2

pytestmark = [pytest.mark.chaos, pytest.mark.federation, pytest.mark.browser, pytest.mark.timeout(MOVES * MOVE_S)]

# Counts the sockets of the page that are open or opening.
COUNT_SOCKETS = """
window.openSockets = new Set();
window.WebSocket = class extends window.WebSocket {
  constructor(...args) {
    super(...args);
    window.openSockets.add(this);
    this.addEventListener("close", () => window.openSockets.delete(this));
  }
};
"""


@pytest.fixture
async def journey(federation: Federation, lab: Lab, results: Path) -> AsyncIterator[Journey]:
    await lab.context.add_init_script(COUNT_SOCKETS)
    started = Journey(federation, lab, results)
    await started.begin()
    yield started
    await federation.end_session(lab.user)


async def _measure(lab: Lab, devtools: CDPSession) -> dict[str, float]:
    """What the page holds once its garbage is gone: bytes of script memory, listeners, nodes; and its open sockets."""
    for _ in range(3):
        await devtools.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in (await devtools.send("Performance.getMetrics"))["metrics"]}
    names = {"JSHeapUsedSize": "memory", "JSEventListeners": "listeners", "Nodes": "nodes"}
    sockets = await lab.page.evaluate("() => window.openSockets.size")
    return {**{name: metrics[key] for key, name in names.items()}, "sockets": sockets}


async def _move(journey: Journey, epoch: int) -> dict[str, Any]:
    """By a notice to the machine where the session is; the record afterwards."""
    user = journey.lab.user
    await journey.federation.wait_for_machines()
    source = (await journey.federation.session_of(user))["owner"]["member"]
    await journey.federation.preempt(source, NOTICE_S)
    record = await journey.federation.wait_for_session(
        user, lambda each: each["phase"] == "active" and each["epoch"] > epoch, MOVE_S
    )
    await journey.wait_for_server()
    await journey.page_is_back()
    return record


async def test_twenty_moves_leave_nothing_behind(journey: Journey) -> None:
    lab = journey.lab
    devtools = await lab.context.new_cdp_session(lab.page)
    await devtools.send("Performance.enable")
    journey.page_must_stay()
    measured: list[dict[str, float]] = []
    epoch = 1
    counting = await lab.add_cell("counter += 1; print('move', counter - 41)")
    for number in range(1, MOVES + 1):
        async with asyncio.timeout(MOVE_S):
            epoch = (await _move(journey, epoch))["epoch"]
            await lab.start_cell(counting)
            await lab.wait_for_text(counting, f"move {number}\\n")
            assert re.findall("move", (await lab.cells())[counting].text) == ["move"], "it is said once"
            await lab.wait_for_kernel()
            measured.append(await _measure(lab, devtools))
    first, last = measured[WARM - 1], measured[-1]
    assert {name: last[name] / first[name] for name in last if last[name] > GROWTH * first[name]} == {}, measured
    await journey.page_stayed()
    await journey.runs_in_one_place()

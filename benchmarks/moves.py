"""Moves of a session with an open page, between the two members of a demo federation: what the user has to wait for.

One page goes through all of them, there and back. Times are this machine's clock, which all processes share.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.federation import LIMIT_S, running_federation
from benchmarks.page_clock import Sockets
from benchmarks.samples import Samples
from tests.rigs.browser import Lab, lab_page
from tests.rigs.busy_user import busy_user
from tests.rigs.federation import Federation, wait_until
from tests.rigs.witness import Witness

STEPS = """import os, time, pathlib
while not pathlib.Path("go").exists():
    {note}
    time.sleep(0.01)"""
STATE = "import os; state = os.urandom({size})"  # new each time: nothing of it is in an earlier snapshot
RUN_ONCE = "with open('marks', 'a') as marks: _ = marks.write('x')"
RUNS = "print(len(open('marks').read()))"
LIVE_S, SHORT_S = 30.0, 5.0


async def moves(folder: Path, samples: Samples, runs: int, size: int) -> None:
    """`runs` moves of each kind: with a long notice, with a short one while `size` bytes are new, and without any."""
    async with running_federation(folder) as federation, lab_page(folder / "page") as lab:
        sockets = Sockets(lab)
        await federation.wait_for_machines()
        await lab.open(federation.link)
        record = await federation.wait_for_session(lab.user, lambda record: record["phase"] == "active", LIMIT_S)
        door = record["owner"]["member"]  # the page's address is this member's, wherever the session is
        for _ in range(runs):
            await lab.run(STATE.format(size=size))
            await _live(federation, lab, folder, sockets, samples, door)
            await lab.run(STATE.format(size=size))
            await _short(federation, lab, sockets, samples, door)
            await _kill(federation, lab, sockets, samples, door)


async def _live(federation: Federation, lab: Lab, folder: Path, sockets: Sockets, samples: Samples, door: str) -> None:
    """A cell runs all the while."""
    async with _steps(lab, folder / "steps.txt") as witness:
        start, record = await _move(federation, lab, LIVE_S)
        switched = _switch(record, door)
        await _page_back(sockets, samples, "live: page back after the switch", switched)
    samples.add("live: whole move", _at(record, "routed") - start)
    source = witness.places()[0]
    samples.add("live: steps at the source after the switch", sum(at > switched for at in source.steps))


async def blanks(folder: Path, samples: Samples, runs: int, size: int) -> None:
    """`runs` moves with a long notice while `size` bytes are new, and the user types and runs short cells all the while."""
    async with running_federation(folder) as federation, lab_page(folder / "page") as lab:
        await federation.wait_for_machines()
        await lab.open(federation.link)
        for _ in range(runs):
            await lab.run(STATE.format(size=size))
            async with busy_user(lab) as served:
                await _move(federation, lab, LIVE_S)
            samples.add("longest wait of a keystroke", max(served.keys))
            samples.add("longest wait of a run", max(served.runs))


async def _short(federation: Federation, lab: Lab, sockets: Sockets, samples: Samples, door: str) -> None:
    start, record = await _move(federation, lab, SHORT_S)
    durable = _at(record, "durable") - start
    samples.add("short: durable after the notice", durable)
    samples.add("short: durable before the kill", float(durable <= SHORT_S))
    await _page_back(sockets, samples, "short: page back after the kill", _switch(record, door), start + SHORT_S)


async def _kill(federation: Federation, lab: Lab, sockets: Sockets, samples: Samples, door: str) -> None:
    """The machine dies after the last snapshot: a cell that this holds must not be run again."""
    await lab.run(RUN_ONCE)
    before = int(await lab.run(RUNS))
    start, record = await _move(federation, lab, 0.0)
    await _page_back(sockets, samples, "kill: page back after the kill", _switch(record, door), start)
    samples.add("kill: runs of a cell after the snapshot that holds it", int(await lab.run(RUNS)) - before)


@contextlib.asynccontextmanager
async def _steps(lab: Lab, file: Path) -> AsyncIterator[Witness]:
    """A cell that makes a step each hundredth of a second, here and there; it is ended afterwards."""
    witness = Witness(file)
    index = await lab.add_cell(STEPS.format(note=witness.note))
    await lab.start_cell(index)

    async def begun() -> bool:
        return bool(witness.places())

    await wait_until(begun, LIMIT_S, lambda: "the cell did not begin")
    yield witness
    await lab.write_file("go", "")
    await lab.wait_for_cell(index)
    await lab.run("pathlib.Path('go').unlink()")


async def _move(federation: Federation, lab: Lab, notice_s: float) -> tuple[float, dict[str, Any]]:
    """Preempt the session's machine; gives the time of the notice, and the record when the route leads elsewhere."""
    await federation.wait_for_machines()
    if not notice_s:  # what was acknowledged as durable is what comes back
        await lab.api("migrator/api/v1/snapshot", method="POST")
    before = await federation.session_of(lab.user)
    start = time.time()
    await federation.preempt(before["owner"]["member"], notice_s)

    def arrived(record: dict[str, Any]) -> bool:
        events = [each["event"] for each in record["timeline"] if each["at"] >= start]
        return record["epoch"] > before["epoch"] and record["phase"] == "active" and "routed" in events

    record = await federation.wait_for_session(lab.user, arrived, LIMIT_S)
    return start, {**record, "timeline": [each for each in record["timeline"] if each["at"] >= start]}


async def _page_back(
    sockets: Sockets, samples: Samples, name: str, switched: float, after: float | None = None
) -> None:
    async def back() -> bool:
        return sockets.back(switched) is not None

    await wait_until(back, LIMIT_S, lambda: "no websocket of the page came back")
    found = sockets.back(switched)
    assert found is not None
    samples.add(name, found - (switched if after is None else after))


def _switch(record: dict[str, Any], door: str) -> float:
    """When the proxy at the page's address began to lead to the session's new place: its hub may have seen to that."""
    events = [each for each in record["timeline"] if each["event"] == "switched" and each["detail"]["member"] == door]
    return float(events[0]["at"]) if events else _at(record, "routed")


def _at(record: dict[str, Any], event: str) -> float:
    return float(next(each["at"] for each in record["timeline"] if each["event"] == event))

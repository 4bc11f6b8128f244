"""A session with a large array that rests, and is asked for again: how long until a cell that uses the array has answered.

Asked for in the two ways that a user has: by the button of a page that is still open, and by the launch link, which loads a page anew.
Both members stay as warm as they are: machines, images and programs are there, nothing of the session is.
Beside it: the same page loaded anew while the session runs, which is JupyterLab's own share of the way by the link.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.federation import LIMIT_S, running_federation
from benchmarks.samples import Samples
from tests.rigs.browser import LIMIT_MS, Lab, lab_page
from tests.rigs.federation import Federation, wait_until

ARRAY = "import numpy; state = numpy.random.default_rng().random({size} // 8); print(state.sum())"
USE = "print(state.sum())"


async def resumes(folder: Path, samples: Samples, runs: int, size: int) -> None:
    """`runs` times each way, with `size` bytes of state; the first time of each, which warms, is not counted."""
    async with running_federation(folder) as federation, lab_page(folder / "page") as lab:
        await federation.wait_for_machines()
        await lab.open(federation.link)
        right = await lab.run(ARRAY.format(size=size))
        for run in range(runs + 1):
            for name, ask in (("the click", _click), ("the link", _follow_link)):
                await _put_away(federation, lab)
                start = time.time()
                await ask(federation, lab)
                assert await lab.run(USE) == right
                found, steps = time.time() - start, await _steps(federation, lab, start)
                if run:
                    samples.add(f"a cell has answered after {name}", found)
                    for step, at in steps.items():
                        samples.add(f"of that after {name}: {step}", at)
            loaded = await _load_anew(lab, right)
            if run:
                samples.add("for comparison: the page is loaded anew, nothing moves", loaded)


async def _put_away(federation: Federation, lab: Lab) -> None:
    """Suspend the session, and wait until nothing of it runs."""
    await lab.command("docmanager:save")
    session = (await federation.session_of(lab.user))["id"]
    done = federation.migrator("suspend", session)
    assert done.returncode == 0, done.stderr

    def rests(record: dict[str, Any]) -> bool:
        return record["phase"] == "suspended" and not record["controller"].get("plan")

    await federation.wait_for_session(lab.user, rests, LIMIT_S)

    async def gone() -> bool:
        return federation.members_where_it_runs(session) == set()

    await wait_until(gone, LIMIT_S, lambda: "processes of the session are left")
    await lab.page.wait_for_selector("#session-migrator-banner >> text=Resume", timeout=LIMIT_MS)


async def _click(_: Federation, lab: Lab) -> None:
    """On the page that is open; what is run at once is sent when the session is back."""
    await lab.page.click("#session-migrator-banner >> text=Resume")


async def _follow_link(federation: Federation, lab: Lab) -> None:
    """The offer behind the launch link, taken; the page that was open is left."""
    await lab.page.goto(federation.link, wait_until="commit")
    await lab.page.click("text=Resume your session")
    await lab.arrive()


async def _load_anew(lab: Lab, right: str) -> float:
    """Seconds until a cell of the running session has answered on a page that is loaded from nothing."""
    await lab.command("docmanager:save")
    start = time.time()
    await lab.page.goto(lab.page.url, wait_until="commit")
    await lab.arrive()
    assert await lab.run(USE) == right
    return time.time() - start


async def _steps(federation: Federation, lab: Lab, start: float) -> dict[str, float]:
    """When the session's way back got how far."""
    timeline = (await federation.session_of(lab.user))["timeline"]
    names = {"standby": "server up", "restored": "restored", "routed": "route open"}
    return {
        names[each["event"]]: each["at"] - start for each in timeline if each["at"] >= start and each["event"] in names
    }

"""Nothing of ours blocks the server's loop, whatever is being saved.

Measured is the processor time of each callback in the loop's thread: on a busy machine the time on the clock says more about
the machine's other work than about ours.
"""

from __future__ import annotations

from pathlib import Path

from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.test_move import covered, opened

LIMIT_S = 0.05
WATCHDOG = """
import asyncio.events, time, sys
run = asyncio.events.Handle._run

def timed(self):
    before = time.thread_time()
    run(self)
    if time.thread_time() - before > {limit}:
        print("SLOW %.3f %r" % (time.thread_time() - before, self), file=sys.stderr, flush=True)

def _load_jupyter_server_extension(app):
    asyncio.events.Handle._run = timed
"""


async def test_a_snapshot_of_200_mb_never_blocks_the_loop(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "watchdog_of_the_loop.py").write_text(WATCHDOG.format(limit=LIMIT_S))
    rig.environment = {"PYTHONPATH": str(tmp_path)}
    rig.options = ["--ServerApp.jpserver_extensions=watchdog_of_the_loop=True"]
    a, _, page = await opened(rig)
    await page.run("import os; big = [os.urandom(1 << 20) for _ in range(200)]")
    await covered(a)
    await page.run("big[0] = os.urandom(1 << 20)")
    await covered(a)
    (row,) = (await a.status())["covered"]
    assert row["bytes"] > 200_000_000
    slow = [line for line in a.log.read_text().splitlines() if line.startswith("SLOW")]
    assert [line for line in slow if "jupyter_extension/" in line or "migrator/" in line] == []

"""Nothing of ours blocks the server's loop, whatever is being saved or restored.

Measured is the processor time of each callback in the loop's thread: on a busy machine the time on the clock says more about
the machine's other work than about ours. What was slow is told by a look at the thread's stack while it still is.
"""

from __future__ import annotations

from pathlib import Path

from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import Server
from tests.jupyter_extension.test_move import covered, move, opened

LIMIT_S = 0.04  # of processor time; 50 ms is what is promised
WATCHDOG = """
import asyncio.events, pathlib, sys, threading, time, traceback

run, loop, began = asyncio.events.Handle._run, threading.main_thread().ident, [None]
clock = time.pthread_getcpuclockid(loop)

def timed(self):
    began[0] = time.clock_gettime(clock)
    run(self)
    began[0] = None

def watch():
    told = None
    while True:
        time.sleep(0.005)
        since = began[0]
        if since is not None and since != told and time.clock_gettime(clock) - since > {limit}:
            told = since
            stack = traceback.extract_stack(sys._current_frames()[loop])
            if began[0] == since and pathlib.Path("watched").exists():
                print("SLOW", *(f"{{each.filename}}:{{each.lineno}}" for each in stack[-20:]), file=sys.stderr, flush=True)

def _load_jupyter_server_extension(app):
    asyncio.events.Handle._run = timed
    threading.Thread(target=watch, daemon=True).start()
"""


def watched(home: Path) -> None:
    """From now on slow callbacks of the server with this home are told."""
    home.mkdir(exist_ok=True)
    (home / "watched").touch()


def slow(server: Server) -> list[str]:
    """Those that were."""
    return [line for line in server.log.read_text().splitlines() if line.startswith("SLOW")]


async def test_saving_and_restoring_200_mb_never_blocks_the_loop(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "watchdog_of_the_loop.py").write_text(WATCHDOG.format(limit=LIMIT_S))
    rig.environment = {"PYTHONPATH": str(tmp_path)}
    rig.options = ["--ServerApp.jpserver_extensions=watchdog_of_the_loop=True"]
    a, _, page = await opened(rig)
    await page.run("import os; big = [os.urandom(1 << 20) for _ in range(200)]")
    watched(a.home)
    await covered(a)
    await page.run("big[0] = os.urandom(1 << 20)")
    await covered(a)
    (row,) = (await a.status())["covered"]
    assert row["bytes"] > 200_000_000
    watched(rig.folder / "b")
    b, _ = await move(rig, a)
    await page.connect(b)
    assert (await page.run("print(len(big), len(big[199]))")).text == f"200 {1 << 20}\n"
    assert slow(a) == []
    assert slow(b) == []

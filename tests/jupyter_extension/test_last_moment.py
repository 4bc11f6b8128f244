"""What counts when there is no time left for another snapshot, or when the last one turns out to be damaged."""

from __future__ import annotations

import asyncio
import signal

from migrator.session import phases
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import until
from tests.jupyter_extension.test_move import covered, move, opened

LONG = """
class Slow:
    def __reduce__(self):
        import time
        open("pickling", "w").close()
        time.sleep(0.7)  # less than what counts as hanging
        return Slow, ()
for number in range(20):
    globals()[f"slow{number}"] = Slow()
"""
"""Its snapshot takes 14 s."""
STUBBORN = """
import atexit, signal, time
atexit.register(time.sleep, 60)
signal.signal(signal.SIGTERM, lambda *_: open("told", "w").close())
"""
"""A kernel that does not end: Jupyter asks it, tells it with a SIGTERM, and kills it 5 s after it asked."""


async def test_a_last_snapshot_that_takes_longer_than_the_pods_grace_leaves_the_one_before_and_says_so(
    rig: Rig,
) -> None:
    rig.environment = {"MIGRATOR_GRACE_S": "10"}
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    cell = await page.run(LONG + "x += 1")
    await rig.journalled(cell.msg_id)
    snapshot = (await rig.record()).snapshot
    a.kill(signal.SIGTERM)
    await until(lambda: a.process.poll() is not None, "the server's end")
    assert (a.home / "pickling").exists(), "it ended in the middle of a snapshot"
    assert "no new snapshot before the end (out of time); the last durable one counts" in a.log.read_text()
    assert (await rig.record()).snapshot == snapshot
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    report = (await b.control("activate", {"snapshot": snapshot}))["report"]
    assert report["snapshot"] == snapshot
    await page.connect(b)
    assert (await page.run("print(x, type(slow19).__name__)")).text == "2 Slow\n"
    b.kill()


async def test_a_server_that_is_told_to_stop_says_farewell_and_one_that_is_killed_does_not(rig: Rig) -> None:
    told, _, page = await opened(rig)
    await page.run("x = 1")
    told.kill(signal.SIGTERM)
    await until(lambda: told.process.poll() is not None, "the server's end")
    stopped = await rig.record()
    assert phases.is_stopping(stopped)
    again = await rig.server("a")
    await rig.in_state(again, "running")

    async def lives() -> bool:
        return not phases.is_stopping(await rig.record())

    await until(lives, "the new server's first word")
    again.kill(signal.SIGKILL)
    await until(lambda: again.process.poll() is not None, "the server's end")
    assert not phases.is_stopping(await rig.record())


async def test_a_kernel_that_its_user_shuts_down_in_the_middle_of_a_snapshot_is_gone_and_stays_gone(rig: Rig) -> None:
    a, kernel, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    snapshot = (await rig.record()).snapshot
    await page.run(LONG + STUBBORN)
    saving = asyncio.ensure_future(a.call("POST", "migrator/api/v1/snapshot"))
    await until((a.home / "pickling").exists, "the snapshot to be in its middle")
    assert (await rig.record()).snapshot == snapshot
    assert (await a.call("DELETE", f"api/kernels/{kernel}")).code == 204
    assert (a.home / "told").exists(), "it did not end when it was asked"
    assert not saving.done()
    assert (await saving).code == 200
    assert (await a.status())["state"] == "running"
    b, report = await move(rig, a)
    assert report["kernels"] == []
    assert await b.json("GET", "api/kernels") == []


async def test_a_truncated_pack_gives_way_to_the_snapshot_before_and_the_report_says_so(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    packs = rig.folder / "store" / "sessions" / rig.id / "packs"
    old = set(packs.iterdir())
    await page.run("x = 2; y = list(range(100_000))")
    frozen = await a.control("freeze", {"deadline": None})
    for pack in set(packs.iterdir()) - old:
        pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    report = (await b.control("activate", {"snapshot": frozen["snapshot"]}))["report"]
    assert report["fallback"]
    assert report["snapshot"] not in (None, frozen["snapshot"])
    await page.connect(b)
    assert (await page.run("print(x, len(y))")).text == "2 100000\n"

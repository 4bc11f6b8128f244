"""What counts when there is no time left for another snapshot, or when the last one turns out to be damaged."""

from __future__ import annotations

import asyncio
import signal

from migrator.session import phases
from tests.jupyter_extension.rig import Rig, until
from tests.jupyter_extension.test_faults import BIG, SLOW
from tests.jupyter_extension.test_move import covered, move, opened


async def test_a_server_that_is_killed_in_its_last_snapshot_leaves_the_one_before_and_says_so(rig: Rig) -> None:
    rig.options = ["--SessionMigrator.stop_limit_s=0.1"]
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    cell = await page.run(BIG + "; x += 1")
    await rig.journalled(cell.msg_id)
    a.kill(signal.SIGTERM)
    await until(lambda: a.process.poll() is not None, "the server's end")
    assert "the last durable one counts" in a.log.read_text()
    snapshot = (await rig.record()).snapshot
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    report = (await b.control("activate", {"snapshot": snapshot}))["report"]
    assert report["snapshot"] == snapshot
    await page.connect(b)
    assert (await page.run("print(x, len(big))")).text == "2 200\n"


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
    await page.run(SLOW)
    saving = asyncio.ensure_future(a.call("POST", "migrator/api/v1/snapshot"))
    await until((a.home / "pickling").exists, "the snapshot to be in its middle")
    assert (await rig.record()).snapshot == snapshot
    assert (await a.call("DELETE", f"api/kernels/{kernel}")).code == 204
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

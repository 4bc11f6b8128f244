"""A session moves between two real servers; the page keeps its session id and its cells."""

from __future__ import annotations

from tests.jupyter_extension.rig import Rig, until


async def test_a_running_cell_a_queued_one_and_the_past_move(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    session, kernel = await a.notebook("folder/a.ipynb")
    page = await rig.page(a, kernel)
    await page.run("x = 41; print('hello')")
    first = await page.run("x += 1; open('out.txt', 'a').write('once')")
    assert first.reply["execution_count"] == 2
    (a.home / "data.bin").write_bytes(b"\0\1\2" * 1000)
    running = await page.start("import time\nprint('begin')\nfor i in range(30): time.sleep(0.1)\nprint('end', x)")
    queued = await page.start("y = x * 2; print(y)")
    await until(lambda: "begin" in running.text, "the running cell's first output")
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    frozen = await a.control("freeze", {"deadline": None})
    assert (await rig.record()).snapshot == frozen["snapshot"]
    await until(lambda: page.closed, "the page to be sent off")
    await rig.fence()
    report = (await b.control("activate", {"snapshot": frozen["snapshot"]}))["report"]
    a.kill()
    await page.connect(b)
    await until(lambda: running.ended and queued.ended, "the cells to complete")
    assert running.text == "begin\nend 42\n"
    assert queued.text == "84\n"
    assert queued.reply["execution_count"] == 4
    after = await page.run("print(x, y, open('out.txt').read())")
    assert after.text == "42 84 once\n"
    assert (b.home / "data.bin").read_bytes() == b"\0\1\2" * 1000
    sessions = await b.json("GET", "api/sessions")
    assert [(s["id"], s["kernel"]["id"], s["path"]) for s in sessions] == [(session, kernel, "folder/a.ipynb")]
    (row,) = report["kernels"]
    assert len(row["rerun"]) == 2

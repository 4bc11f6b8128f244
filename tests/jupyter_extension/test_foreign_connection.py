"""Where another extension brings its own connection between pages and kernels, the kernels work and move all the same."""

from __future__ import annotations

import time
from pathlib import Path

from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import until

CLASS = "tests.jupyter_extension.foreign.ForeignConnection"


async def test_a_kernel_behind_another_kind_of_connection_works_and_moves(rig: Rig) -> None:
    rig.options = [f"--ServerApp.kernel_websocket_connection_class={CLASS}"]
    rig.environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    assert (await page.run("x = 41; print(x)")).text == "41\n"
    await a.json("POST", "migrator/api/v1/snapshot")
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await a.control("freeze", {"deadline": time.time() + 30})
    await until(lambda: page.closed, "the page to be sent away")
    await rig.fence()
    report = (await b.control("activate"))["report"]
    assert [row["lost"] for row in report["kernels"]] == [[]]
    assert (await (await page.connect(b)).run("print(x + 1)")).text == "42\n"

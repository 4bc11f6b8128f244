"""What may go wrong in the pod, each with what must stand afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from jupyter_extension.contact import HELD
from migrator.session import Target, phases
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import until
from tests.jupyter_extension.test_move import covered, move, opened

SLOW = """
class Slow:
    def __reduce__(self):
        import time
        open("pickling", "w").close()
        time.sleep(2.5)  # less than what counts as hanging
        return Slow, ()
slow = Slow()
"""


async def pid_of(page: object) -> int:
    return int((await page.run("import os; print(os.getpid())")).text)  # type: ignore[attr-defined]


async def test_two_freezes_at_once_are_one_and_a_notice_meanwhile_is_harmless(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    deadline = time.time() + 60
    first, second, _ = await asyncio.gather(
        a.control("freeze", {"deadline": deadline}),
        a.control("freeze", {"deadline": deadline}),
        a.control("notice", {"cause": "drain", "deadline": deadline}),
    )
    assert first == second
    assert (await rig.record()).snapshot == first["snapshot"]
    assert await a.control("freeze", {"deadline": None}) == first


async def test_a_frozen_kernel_does_nothing_until_it_is_thawed(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    beat = a.home / "beat"
    await page.start("import time\nwhile True:\n    open('beat', 'w').write(str(time.time())); time.sleep(0.01)")
    await until(beat.exists, "the loop to begin")
    await a.control("freeze", {"deadline": None})
    stopped = beat.read_text()
    for _ in range(20):
        assert (await a.status())["state"] == "frozen"
        assert beat.read_text() == stopped
    await a.control("thaw")
    await until(lambda: beat.read_text() not in ("", stopped), "the loop to go on")


async def test_a_kernel_killed_while_it_is_saved_costs_neither_the_server_nor_the_last_snapshot(rig: Rig) -> None:
    a, kernel, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    kept = (await rig.record()).snapshot
    pid = await pid_of(page)
    await page.run(SLOW)
    saving = asyncio.ensure_future(a.call("POST", "migrator/api/v1/snapshot"))
    await until((a.home / "pickling").exists, "the snapshot to be in its middle")
    os.kill(pid, signal.SIGKILL)
    saved = await saving
    assert (saved.code, (await a.status())["state"]) == (200, "running"), saved.body
    await until(lambda: f"kernel {kernel} restarted" in a.log.read_text(), "Jupyter to start the kernel again")
    restarted = await rig.page(a, kernel)
    assert (await restarted.run("print('x' in globals())")).text == "False\n"
    assert (await rig.record()).snapshot is not None
    await rig.records.objects(rig.id).head(f"manifests/{kept}")


async def test_a_store_that_is_down_is_said_and_nothing_is_lost(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    kept = (await rig.record()).snapshot
    await rig.close_gateway()
    await page.run("x = 2")
    frozen = await a.control("freeze", {"deadline": time.time() + 4})
    assert frozen["snapshot"] == (await rig.record()).snapshot
    assert "the last durable one counts" in a.log.read_text()
    await rig.open_gateway(rig.port)
    await a.control("thaw")
    await page.connect(a)
    await rig.saved(after=kept)
    assert (await page.run("print(x)")).text == "2\n"


async def test_a_notebook_deleted_while_its_kernel_lives_moves_and_is_said_to_be_missing(rig: Rig) -> None:
    a, kernel, page = await opened(rig, "folder/a.ipynb")
    _, beside = await a.notebook("folder/b.ipynb")
    await page.run("x = 1")
    await a.call("DELETE", "api/contents/folder/a.ipynb")
    b, report = await move(rig, a)
    assert {row["kernel"]: row["missing"] for row in report["kernels"]} == {kernel: True, beside: False}
    assert "the kernel of folder/a.ipynb came back; the notebook was deleted before" in b.log.read_text()
    assert [row["lost"] for row in report["kernels"]] == [[], []]
    await page.connect(b)
    assert (await page.run("print(x)")).text == "1\n"
    assert not (b.home / "folder" / "a.ipynb").exists()
    assert {s["kernel"]["id"] for s in await b.json("GET", "api/sessions")} == {kernel, beside}


async def test_a_session_with_an_evil_name_is_no_way_out(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    model = await a.json(
        "POST",
        "api/sessions",
        {"path": "bell\x07.ipynb", "name": "../../evil\x07", "type": "notebook", "kernel": {"name": "python3"}},
    )
    page = await rig.page(a, model["kernel"]["id"])
    await page.run("x = 1")
    b, _ = await move(rig, a)
    await page.connect(b)
    assert (await page.run("print(x)")).text == "1\n"
    assert not list(b.home.parent.glob("evil*"))


async def test_a_former_owner_stops_by_itself(rig: Rig) -> None:
    a, _, page = await opened(rig)
    pid = await pid_of(page)
    await rig.records.update(rig.id, lambda r: phases.begin_move(r, Target("b", "/user/x/")))
    await rig.fence()
    await rig.in_state(a, "fenced")
    await until(lambda: not _alive(pid), "the kernel's end")
    assert page.closed
    assert (await a.call("GET", "api/kernels")).code == 503
    assert (await a.call("POST", "migrator/api/v1/thaw", token=a.control_token, scheme="Bearer")).code == 409


async def test_a_fenced_server_that_nobody_stops_ends_by_itself(rig: Rig) -> None:
    a = await rig.server("a", "--SessionMigrator.fenced_end_s=1")
    await rig.in_state(a, "running")
    await rig.records.update(rig.id, lambda r: phases.begin_move(r, Target("b", "/user/x/")))
    await rig.fence()
    await until(lambda: a.process.poll() is not None, "the server's end")
    assert "nobody has stopped this server: it ends" in a.log.read_text()


async def test_a_server_told_to_stop_while_it_is_fenced_ends(rig: Rig) -> None:
    a, _, page = await opened(rig)
    pid = await pid_of(page)
    stopping = asyncio.ensure_future(a.control("stop"))
    a.kill(signal.SIGTERM)
    await until(lambda: a.process.poll() is not None, "the server's end")
    assert not _alive(pid)
    await asyncio.wait({stopping})
    stopping.exception()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_an_unreadable_snapshot_gives_way_to_the_one_before(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    await page.run("x = 2")
    frozen = await a.control("freeze", {"deadline": None})
    manifest = rig.folder / "store" / "sessions" / rig.id / "manifests" / frozen["snapshot"]
    manifest.write_bytes(manifest.read_bytes()[:-7])
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    report = (await b.control("activate", {"snapshot": frozen["snapshot"]}))["report"]
    assert report["fallback"]
    assert report["snapshot"] != frozen["snapshot"]
    await page.connect(b)
    assert (await page.run("print(x)")).text == "2\n"
    assert (await b.control("activate", {"snapshot": frozen["snapshot"]}))["report"]["at"] == report["at"]


async def test_without_its_gateway_for_the_lease_the_kernel_stops_and_goes_on_after(rig: Rig) -> None:
    await rig.close_gateway()
    await rig.open_gateway(lease_s=2.0)
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await rig.close_gateway()
    assert (await rig.in_state(a, "frozen"))["problem"] == HELD
    assert page.closed
    await rig.open_gateway(rig.port, lease_s=2.0)
    assert (await rig.in_state(a, "running"))["problem"] is None
    await page.connect(a)
    assert (await page.run("print(x)")).text == "1\n"


async def test_once_frozen_nothing_replaces_the_last_snapshot(rig: Rig) -> None:
    rig.options = ["--SessionMigrator.files_interval_s=0.02"]
    a, _, page = await opened(rig)
    await page.run("x = 1")
    frozen = await a.control("freeze", {"deadline": None})
    (a.home / "new.txt").write_text("somebody else writes")
    for _ in range(60):
        assert (await a.status())["saved"]["snapshot"] == frozen["snapshot"]
    assert (await rig.record()).snapshot == frozen["snapshot"]
    await a.control("thaw")
    await rig.saved(after=frozen["snapshot"])

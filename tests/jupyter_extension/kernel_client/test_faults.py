"""The user's kernel comes first: whatever a child meets, the kernel goes on and hears nothing of it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from jupyter_extension.kernel_client import KernelDied, SaveFailed
from jupyter_extension.kernel_client.saving import FAILURES
from migrator.snapshot import SnapshotReader
from migrator.storage import StoreFull
from tests.jupyter_extension.kernel_client.conftest import Kernels

HEARTBEAT = """
import threading, time
beats = [time.monotonic()]
def beat():
    while True:
        time.sleep(0.002)
        beats.append(time.monotonic())
threading.Thread(target=beat, daemon=True).start()
"""


def culprit(body: str) -> str:
    """A cell that makes good variables and `bad`, whose reduction does `body`."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return (
        f"class Bad:\n    def __reduce__(self):\n{lines}        return int, ()\nbad = Bad()\ngood = [1, 2]\nlast = 'z'"
    )


@pytest.mark.parametrize(
    "body",
    [
        "import time; time.sleep(10000)",
        "import ctypes; ctypes.string_at(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    ],
    ids=["sleeps", "crashes", "is killed", "deadlocks"],
)
async def test_what_hangs_or_crashes_is_named_and_the_rest_is_saved(kernels: Kernels, body: str) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(culprit(body))
    saving = asyncio.ensure_future(kernels.save(agent, hang_s=1))
    await kernel.run("good.append(3)")
    entry, manifest, _ = await saving
    assert [loss["name"] for loss in entry.report["lost"]] == ["bad"]
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(good[:2], last)") == ([1, 2], "z")
    assert (await agent.status()).child is None


async def test_what_a_reduction_prints_reaches_nobody(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(
        culprit("import os, sys; print('LOUD'); sys.stderr.write('LOUD'); os.write(1, b'LOUD'); os.system('echo LOUD')")
    )
    logged = kernel.log.read_text()
    await kernels.save(agent)
    await kernel.run("x = 1")
    assert await kernel.stray_messages() == []
    assert kernel.log.read_text() == logged


async def test_a_reduction_that_forks_harms_nobody(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(culprit("import os; os.fork()"))
    _, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(good, last)") == ([1, 2], "z")


async def test_a_child_that_somebody_kills_is_tried_again(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(
        culprit("import os, time\nif not os.path.exists('second'): open('second', 'w').close(); time.sleep(10000)")
    )
    saving = asyncio.ensure_future(kernels.save(agent, hang_s=1000))
    while not (kernel.log.parent / "second").exists():
        await asyncio.sleep(0.01)
    os.kill((await agent.status()).child or 0, signal.SIGKILL)
    entry, _, _ = await saving
    assert (entry.report["lost"], entry.report["forks"]) == ([], 2)


async def test_the_child_ends_with_the_one_who_asked(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(culprit("import time; time.sleep(10000)"))
    saving = asyncio.ensure_future(kernels.save(agent, hang_s=1000))
    while (await agent.status()).child is None:
        await asyncio.sleep(0.01)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    while (await agent.status()).child is not None:
        await asyncio.sleep(0.01)
    await kernel.run("del bad")
    entry, _, _ = await kernels.save(agent)
    assert set(entry.report["saved"]) >= {"good", "last"}


async def test_a_kernel_that_dies_while_it_is_loaded_is_missed_at_once(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import os; blob = os.urandom(200 << 20)")
    _, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    pour = SnapshotReader.pour

    async def killing(reader: SnapshotReader, *args: object) -> None:
        target.process.kill()
        await pour(reader, *args)

    monkeypatch.setattr(SnapshotReader, "pour", killing)
    with pytest.raises(KernelDied):
        await asyncio.wait_for(kernels.load(other, manifest), 60)


async def test_a_load_that_is_called_off_leaves_the_kernel_alive(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import os; blob = os.urandom(50 << 20)")
    _, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    begun = asyncio.Event()

    async def never(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotReader, "pour", never)
        loading = asyncio.ensure_future(kernels.load(other, manifest))
        await asyncio.wait_for(begun.wait(), 60)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
    report = await kernels.load(other, manifest)
    assert "blob" in report["saved"]
    assert await target.value("len(blob)") == 50 << 20


async def test_a_store_that_is_full_fails_the_snapshot_only(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import os; blob = os.urandom(200 << 20)")

    async def full(*_: object, **__: object) -> str:
        raise StoreFull("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(kernels.store, "put", full)
        with pytest.raises(StoreFull):
            await kernels.save(agent)
    while (await agent.status()).child is not None:
        await asyncio.sleep(0.01)
    entry, _, _ = await kernels.save(agent)
    assert "blob" in entry.report["saved"]


async def test_two_snapshots_at_once_are_one_and_a_refusal(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(culprit("import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)"))
    first = asyncio.ensure_future(kernels.save(agent))
    while (await agent.status()).child is None:
        await asyncio.sleep(0.01)
    with pytest.raises(SaveFailed, match="under way"):
        await kernels.save(agent)
    (kernel.log.parent / "go").touch()
    entry, _, _ = await first
    assert "good" in entry.report["saved"]


async def test_a_users_child_process_sees_its_pipe_end(kernels: Kernels) -> None:
    """A child of ours that held a copy of the pipe would keep `communicate` waiting."""
    kernel, agent = await kernels.start()
    await kernel.run(culprit("import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)"))
    await kernel.run(
        "import subprocess; cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)"
    )
    saving = asyncio.ensure_future(kernels.save(agent))
    while (await agent.status()).child is None:
        await asyncio.sleep(0.01)
    await kernel.run("heard = cat.communicate(b'hello')[0]")
    assert await kernel.value("heard") == b"hello"
    (kernel.log.parent / "go").touch()
    await saving


async def test_a_kernel_inside_blas_is_saved_and_goes_on(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    cell = kernel.begin(
        "import numpy, os\na = numpy.ones((600, 600))\nbegan = True\n"
        "while not os.path.exists('enough'): b = a @ a\nproducts = float(b[0, 0])"
    )
    while (await agent.status()).current_msg_id != cell:
        await asyncio.sleep(0.01)
    base = None
    for _ in range(20):
        _, base, _ = await kernels.save(agent, base, when="now")
    (kernel.log.parent / "enough").touch()
    assert (await kernel.end(cell)).status == "ok"
    assert await kernel.value("products") == 600.0


async def test_a_module_that_is_being_imported_holds_nobody_up(kernels: Kernels) -> None:
    """The child has to import nothing from the thread that it does not have."""
    kernel, agent = await kernels.start()
    folder = kernel.log.parent
    (folder / "slow.py").write_text(
        "import os, time\nclass A: pass\na = A()\nwhile not os.path.exists('go'): time.sleep(0.01)"
    )
    cell = kernel.begin("import sys; sys.path.insert(0, '.'); holder = []\nimport slow")
    while (await agent.status()).current_msg_id != cell:
        await asyncio.sleep(0.01)
    entry, _, _ = await kernels.save(agent, when="now", hang_s=1000)
    (folder / "go").touch()
    assert (await kernel.end(cell)).status == "ok"
    assert entry.report["forks"] == 1


@pytest.mark.chaos
async def test_a_kernel_lives_through_a_thousand_snapshots(kernels: Kernels) -> None:
    """Cells are answered all the time; a hang would leave one unanswered for ever."""
    kernel, agent = await kernels.start()
    await kernel.run(HEARTBEAT + "x = list(range(1000)); count = 0")

    async def snapshots() -> int:
        base, done = None, 0
        while done < 1000:
            _, base, _ = await kernels.save(agent, base, when="now")
            done += 1
        return done

    working = asyncio.ensure_future(snapshots())
    cells = 0
    while not working.done():
        await kernel.run("count += 1")
        cells += 1
    assert await working == 1000
    assert await kernel.value("count") == cells
    while (await agent.status()).child is not None:  # its stream is complete; it has yet to give its memory back
        await asyncio.sleep(0.01)
    assert (await agent.status()).notes == []


FAIL = """import os, sys
_room = sys.modules['session_migrator_kernel.pickling']
def dump(*args, _dump=_room.dump, _times={times}, **options):
    if len(os.listdir('failures')) < _times:
        open('failures/%d' % os.getpid(), 'w').close()
        raise ImportError('half-way')
    return _dump(*args, **options)
_room.dump = dump
os.makedirs('failures')
x = 5"""


async def test_a_failure_of_the_pickling_itself_is_tried_again(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernels.save(agent)
    await kernel.run(FAIL.format(times=FAILURES - 1))
    entry, manifest, _ = await kernels.save(agent)
    assert entry.report["forks"] == FAILURES
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("x") == 5


async def test_one_that_fails_each_time_is_said(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernels.save(agent)
    await kernel.run(FAIL.format(times=99))
    with pytest.raises(SaveFailed, match="could not be pickled: ImportError\\('half-way'\\)"):
        await kernels.save(agent)
    assert await kernel.value("x") == 5


async def test_what_goes_wrong_at_a_boundary_is_noted_in_the_snapshot(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    agents = "import sys\nboundaries = sys.modules['session_migrator_kernel.inject']._agent.boundaries"
    await kernel.run(f"{agents}\nboundaries.before_cell = lambda message: 1 / 0\ndel boundaries")
    assert (await kernel.run("print('as ever')")).text == "as ever\n"
    entry, _, _ = await kernels.save(agent)
    assert entry.report["notes"] == ["at a cell boundary: ZeroDivisionError('division by zero')"]

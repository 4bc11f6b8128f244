"""What a snapshot holds, and when it is taken."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_extension.kernel_client import KernelBusy, KernelDied, SaveFailed
from tests.jupyter_extension.kernel_client.conftest import Kernels
from tests.rigs.kernels import until

WAIT_FOR_FLAG = "import os, time\nbegan = True\nwhile not os.path.exists('flag'): time.sleep(0.01)\ndone = True"


async def test_a_state_moves_with_shared_references(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("x = 5\na = [1, 2]\nb = a\ndef f(n): return n + x")
    target = await kernels.move(agent)
    assert await target.value("(f(1), a is b, a)") == (6, True, [1, 2])


async def test_only_what_changed_travels_the_second_time(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import numpy; big = numpy.random.default_rng(1).random(6 << 20); x = 1")
    first, base, _ = await kernels.save(agent)
    await kernel.run("big[3 << 20] = 7.0; x += 1")
    second, manifest, writer = await kernels.save(agent, base)
    assert first.report["bytes_read"] > 48 << 20
    assert second.report["bytes_read"] < 9 << 20
    assert writer.bytes_written < 9 << 20
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(float(big[3 << 20]), x, big.size)") == (7.0, 2, 6 << 20)


async def test_boundary_waits_for_the_end_of_the_cell(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    cell = kernel.begin(WAIT_FOR_FLAG)
    await _current(agent, cell)
    saving = asyncio.ensure_future(kernels.save(agent))
    await asyncio.sleep(0)
    assert not saving.done()
    (kernel.log.parent / "flag").touch()
    entry, manifest, _ = await saving
    assert (await kernel.end(cell)).status == "ok"
    assert entry.boundary["last_msg_id"] == cell
    assert entry.boundary["mid_cell"] is False
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(began, done)") == (True, True)


async def test_now_saves_in_the_middle_of_a_cell(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    before = kernel.begin("x = 1")
    await kernel.end(before)
    cell = kernel.begin("x = 2\nopen('begun', 'w').close()\n" + WAIT_FOR_FLAG)
    await until((kernel.log.parent / "begun").exists)
    target = await kernels.move(agent, when="now")
    assert await target.value("(x, 'done' in globals())") == (2, False)
    entry, _, _ = await kernels.save(agent, when="now")
    assert entry.boundary["last_msg_id"] == before
    assert entry.boundary["current_msg_id"] == cell
    (kernel.log.parent / "flag").touch()
    assert (await kernel.end(cell)).status == "ok"


async def test_no_boundary_in_time_leaves_the_kernel_alone(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    cell = kernel.begin(WAIT_FOR_FLAG)
    await _current(agent, cell)
    with pytest.raises(KernelBusy, match="no cell boundary"):
        await kernels.save(agent, timeout=0.1)
    (kernel.log.parent / "flag").touch()
    assert (await kernel.end(cell)).status == "ok"
    status = await agent.status()
    assert (status.notes, status.child) == ([], None)


async def test_a_kernel_that_dies_before_it_can_say_that_it_forked_is_saved_too(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(
        "x = 42\nimport os, signal\nos.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGKILL))"
    )
    _, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("x") == 42


async def test_a_kernel_that_is_killed_is_saved_to_the_end(kernels: Kernels) -> None:
    """The child needs its parent no more: what it froze becomes durable."""
    kernel, agent = await kernels.start()
    await kernel.run("blob = bytes(range(256)) * (1 << 19)")
    saving = asyncio.ensure_future(kernels.save(agent))
    while (await agent.status()).child is None:
        await asyncio.sleep(0)
    kernel.process.kill()
    _, manifest, _ = await saving
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(len(blob), blob[:3])") == (1 << 27, b"\0\1\2")


async def test_without_the_c_helper_only_the_main_thread_forks_between_cells(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(
        "import os, sys, threading\nforking = sys.modules['session_migrator_kernel.forking']\n"
        "forking.ANY_THREAD, forking._forker, forking.checks, forking.splice = False, None, None, None\n"
        "forked_in = []\nos.register_at_fork(before=lambda: forked_in.append(threading.current_thread() is threading.main_thread()))"
    )
    _, base, _ = await kernels.save(agent)
    cell = kernel.begin(WAIT_FOR_FLAG)
    await _current(agent, cell)
    with pytest.raises(SaveFailed, match="between cells only"):
        await kernels.save(agent, when="now")
    saving = asyncio.ensure_future(kernels.save(agent, base))
    (kernel.log.parent / "flag").touch()
    assert (await kernel.end(cell)).status == "ok"
    entry, manifest, _ = await saving
    assert entry.boundary["last_msg_id"] == cell
    assert await kernel.value("forked_in") == [True, True]
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("done") is True


async def test_no_kernel_no_snapshot(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    kernel.process.kill()
    await until(lambda: kernel.process.poll() is not None)
    with pytest.raises(KernelDied):
        await kernels.save(agent)


async def _current(agent: object, msg_id: str) -> None:
    while (await agent.status()).current_msg_id != msg_id:  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)

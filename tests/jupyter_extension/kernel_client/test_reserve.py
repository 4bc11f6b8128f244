"""The boundary before a long cell can be saved while that cell runs, although nobody asked before it began."""

from __future__ import annotations

import contextlib
from pathlib import Path
from textwrap import indent

from jupyter_extension.kernel.habits import RUNS
from jupyter_extension.kernel.reserve import BURST
from jupyter_extension.kernel_client import processes
from tests.jupyter_extension.kernel_client.conftest import Kernels
from tests.jupyter_extension.kernel_client.test_saving import WAIT_FOR_FLAG
from tests.rigs.kernels import LiveKernel, until


def children(kernel: LiveKernel) -> list[processes.Process]:
    """The living processes that save, or wait to save, this kernel."""
    listed = Path(f"/proc/{kernel.process.pid}/task").glob("*/children")
    savers = []
    for pid in [int(pid) for each in listed for pid in each.read_text().split()]:
        with contextlib.suppress(OSError):  # it has ended since it was listed
            if Path(f"/proc/{pid}/comm").read_text().strip() == processes.SAVER:
                savers.append(processes.Process.of(pid))
    return [each for each in savers if each.lives]


async def test_the_boundary_before_a_running_cell_is_saved(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("x = 0")
    _, base, _ = await kernels.save(agent, reserve=True)
    cells = [kernel.begin("x += 1") for _ in range(int(BURST) - 1)]
    running = kernel.begin("x = -1; open('begun', 'w').close()\n" + WAIT_FOR_FLAG)
    await until((kernel.log.parent / "begun").exists)
    entry, manifest, _ = await kernels.save(agent, base, reserve=True)
    assert entry.boundary["last_msg_id"] == cells[-1]
    assert entry.boundary["overtaken"]
    assert not entry.boundary["mid_cell"]
    (kernel.log.parent / "flag").touch()
    assert (await kernel.end(running)).status == "ok"
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("(x, 'done' in globals())") == (BURST - 1, False)
    again, _, _ = await kernels.save(agent, manifest, reserve=True)
    assert again.boundary["last_msg_id"] == running
    assert not again.boundary["overtaken"]


async def test_a_copy_ends_with_the_cell_and_with_its_kernel(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("x = 0")
    await kernels.save(agent, reserve=True)
    await kernel.run("x = 1")
    running = kernel.begin(WAIT_FOR_FLAG)
    await until(lambda: children(kernel))
    (kernel.log.parent / "flag").touch()
    await kernel.end(running)
    await until(lambda: not children(kernel))
    kernel.begin("import time; time.sleep(600)")
    await until(lambda: children(kernel))
    (copy,) = children(kernel)
    kernel.process.kill()
    await until(lambda: not copy.lives)


def short_is(seconds: float) -> str:
    """A cell that changes what the kernel's agent calls short."""
    return f"import sys; sys.modules['session_migrator_kernel.habits'].SHORT_S = {seconds}"


async def test_no_copy_is_made_for_a_cell_that_was_short_each_time(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("def step(): pass")
    await kernels.save(agent, reserve=True)
    await kernel.run(short_is(60))  # however loaded the machine is
    for _ in range(RUNS):
        await kernel.run("step()")
    await kernel.run(short_is(0))
    await kernel.run(f"def step():\n    open('begun', 'w').close()\n{indent(WAIT_FOR_FLAG, '    ')}")
    await until(lambda: not children(kernel))  # the copy that was kept for that cell
    running = kernel.begin("step()")
    await until((kernel.log.parent / "begun").exists)
    assert not children(kernel)
    (kernel.log.parent / "flag").touch()
    await kernel.end(running)
    (kernel.log.parent / "flag").unlink()
    running = kernel.begin("step()")  # it was long, and may be so again
    await until(lambda: children(kernel))
    (kernel.log.parent / "flag").touch()
    assert (await kernel.end(running)).status == "ok"

"""A frozen kernel stands still with all its children, and goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from jupyter_extension.kernel_client.processes import Process
from tests.jupyter_extension.kernel_client.conftest import Kernels
from tests.rigs.kernels import until

FAMILY = """
import subprocess, sys, threading, time
counting = "import time\\nn = 0\\nwhile True:\\n    n += 1; open('child', 'w').write(str(n)); time.sleep(0.005)"
child = subprocess.Popen([sys.executable, "-c", counting], start_new_session=True)
def beat():
    n = 0
    while True:
        n += 1; open('kernel', 'w').write(str(n)); time.sleep(0.005)
threading.Thread(target=beat, daemon=True).start()
"""


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_freeze_and_thaw_a_kernel_with_its_children(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(FAMILY)
    child = await kernel.value("child.pid")
    await agent.freeze()
    await until(lambda: (state(agent.pid), state(child)) == ("T", "T"))
    await agent.thaw()
    await until(lambda: "T" not in (state(agent.pid), state(child)))
    await kernel.run("child.kill(); child.wait()")


async def test_a_kernel_that_is_gone_needs_no_freezing(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    kernel.process.kill()
    kernel.process.wait()
    await agent.freeze()
    await agent.thaw()


async def test_another_process_of_the_same_number_is_not_taken_for_the_kernel(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    agent._process = Process(agent.pid, "1")
    await agent.freeze()
    await kernel.run("still_here = True")
    assert not agent.process.lives


SLOW_HANDLER = "import os, time; os.register_at_fork(after_in_parent=lambda: time.sleep(0.05))"


@pytest.mark.parametrize("first", ["", SLOW_HANDLER], ids=["plain", "slow-handler-of-a-library"])
async def test_frozen_at_the_fork_nothing_runs_after_the_snapshot(kernels: Kernels, first: str) -> None:
    """The kernel leaves one byte in a file for each round that it counts: there are none but those of the snapshot."""
    kernel, agent = await kernels.start()
    await kernel.run(first)
    trace = kernel.log.parent / "trace"
    cell = kernel.begin(
        "import os\nn = 0\nfd = os.open('trace', os.O_WRONLY | os.O_CREAT)\nwhile True:\n    n += 1\n    os.write(fd, b'x')"
    )
    await until(lambda: trace.exists() and trace.stat().st_size > 100)
    entry, manifest, _ = await kernels.save(agent, when="now", freeze=True)
    assert state(agent.pid) == "T"
    assert entry.boundary["mid_cell"] is True
    rounds = trace.stat().st_size
    target, other = await kernels.start()
    await kernels.load(other, manifest)
    assert await target.value("n") - rounds in (0, 1)
    await agent.thaw()
    kernel.process.send_signal(signal.SIGINT)
    assert (await kernel.end(cell)).status == "error"
    assert await kernel.value("n") >= rounds


async def test_a_kernel_whose_last_save_fails_goes_on(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import os; blob = os.urandom(100 << 20)")

    async def broken(*_: object, **__: object) -> str:
        raise OSError("the network is gone")

    monkeypatch.setattr(kernels.store, "put", broken)
    with pytest.raises(OSError, match="network"):
        await kernels.save(agent, freeze=True)
    await kernel.run("x = 1")

"""A large state: whether a snapshot costs more for each GiB, and how much memory it needs beside the state."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from benchmarks.kernels import kernel
from benchmarks.ours import Session
from benchmarks.samples import Samples
from benchmarks.states import array
from jupyter_extension.kernel_client import KernelAgent

_LOOK_S = 0.05


async def large(folder: Path, samples: Samples, mib: int) -> None:
    """Two snapshots of an array of that size: the first, and one after an element changed."""
    need = mib * 2**20 * 3 // 2
    if psutil.virtual_memory().available < need:
        samples.note(f"left out: {mib / 1024:g} GiB of state need {need / 2**30:.0f} GiB of free memory")
        return
    state, session = array(mib), Session(folder)
    samples.add("GiB", mib / 1024)
    async with kernel(folder, "large") as live:
        await live.run(f"{state.build}; big.flags")
        agent = await KernelAgent.attach(live.connection_file)
        async with _peak(agent.pid, samples, mib * 2**20):
            samples.add("first", await session.save(agent))
        await live.run(state.element)
        samples.add("element", await session.save(agent))
        assert session.entry is not None
        samples.add("pause", session.entry.report["pause_s"])
    samples.add("first per GiB", samples.values["first"][0] / (mib / 1024))
    await session.close()
    shutil.rmtree(folder / "store")


@contextlib.asynccontextmanager
async def _peak(pid: int, samples: Samples, state: int) -> AsyncIterator[None]:
    """Add the most memory that saving took beside the state: what this process grew by, and what the child holds alone."""
    own = psutil.Process()
    before, most = own.memory_info().rss, 0

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, own.memory_info().rss - before + await asyncio.to_thread(_private, pid))
            await asyncio.sleep(_LOOK_S)

    task = asyncio.create_task(look())
    yield
    task.cancel()
    samples.add("extra memory", most)
    samples.add("extra share", most / state)


def _private(pid: int) -> int:
    """Bytes that the kernel's child does not share with it."""
    total = 0
    for child in _children(pid):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
            total += (
                sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty")) * 1024
            )
    return total


def _children(pid: int) -> list[int]:
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children()]
    return []

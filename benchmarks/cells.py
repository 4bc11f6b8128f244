"""What snapshots and copies in reserve cost a loop of trivial cells, of which nothing but the cost of a cell is left.

A shared machine's speed changes by a tenth from one second to the next, which is more than what is to be measured. So two
kernels live side by side, one plain and one that is saved, and run the loop in turns of half a second: what disturbs one
disturbs the other. While it is not its turn the time stands still for its snapshots; its agent earns allowance for further copies
in reserve all the same, which is to our disadvantage. A save that goes on when the turn ends does so while neither runs, which is to our
advantage: a save of 0.06 s in a turn of half a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from benchmarks.kernels import kernel
from benchmarks.ours import Session
from benchmarks.samples import Samples
from jupyter_extension.checkpoint.budget import Ledger, Limits
from jupyter_extension.kernel_client import KernelAgent
from jupyter_extension.settings import Settings
from tests.rigs.kernels import LiveKernel

LOOPS: dict[str, Callable[[int], str]] = {
    "one cell": lambda _: "x += 1",
    "new cells": lambda number: f"x += {number}",  # no text twice: each is the first run of a cell
}
TURN = 100  # cells


async def cells(folder: Path, samples: Samples, count: int) -> None:
    """Each loop in a plain kernel, and in one that is saved whenever the budget of the product allows."""
    for loop, text in LOOPS.items():
        async with kernel(folder, "plain") as plain, kernel(folder, "saved") as saved:
            await plain.run("x = 0")
            await saved.run("x = 0")
            async with saves(saved, folder) as background:
                spent = await _in_turns(plain, saved, background, [text(number) for number in range(count)])
        samples.add(f"{loop}: plain", spent["plain"])
        samples.add(f"{loop}: with checkpoints", spent["saved"])
        samples.add(f"{loop}: snapshots", background.taken)
        samples.add(f"{loop}: cost", spent["saved"] / spent["plain"] - 1)


async def _in_turns(plain: LiveKernel, saved: LiveKernel, background: Saves, texts: list[str]) -> dict[str, float]:
    """The seconds that the cells took in each kernel; who begins alternates."""
    spent = {"plain": 0.0, "saved": 0.0}
    for number, at in enumerate(range(0, len(texts), TURN)):
        turn = texts[at : at + TURN]
        if number % 2:
            spent["plain"] += await _run(plain, turn)
        async with background.allowed():
            spent["saved"] += await _run(saved, turn)
        if not number % 2:
            spent["plain"] += await _run(plain, turn)
    return spent


async def _run(live: LiveKernel, texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        await live.run(text)
    return time.perf_counter() - start


class Saves:
    """Saves a kernel by the product's own rule of when; what it takes for the time is the time of the kernel's turns."""

    def __init__(self, session: Session, agent: KernelAgent) -> None:
        self.taken = 0
        self._session, self._agent = session, agent
        self._allowed, self._saving = asyncio.Event(), asyncio.Lock()
        self._spent = self._since = 0.0

    @contextlib.asynccontextmanager
    async def allowed(self) -> AsyncIterator[None]:
        """The kernel's turn. A save that has begun ends before the next kernel has its turn."""
        self._since = time.monotonic()
        self._allowed.set()
        yield
        self._spent, self._since = self._now(), 0.0
        self._allowed.clear()
        async with self._saving:
            pass

    async def run(self) -> None:
        """Save whenever it is due; never returns."""
        settings = Settings()
        limits = Limits(settings.min_interval_s, settings.kernel_share, settings.machine_share)
        ledger = Ledger()
        while True:
            ledger.touched(self._now())
            await self._until(ledger.due_at(limits) or 0.0)
            async with self._saving:
                ledger.saving(self._now())
                work = await self._session.save(self._agent, background=True)
            assert self._session.entry is not None
            ledger.saved(self._session.entry.report["pause_s"] or 0.0, work)
            self.taken += 1

    def _now(self) -> float:
        return self._spent + (time.monotonic() - self._since if self._since else 0.0)

    async def _until(self, due: float) -> None:
        while not self._allowed.is_set() or self._now() < due:
            await self._allowed.wait()
            await asyncio.sleep(max(0.0, due - self._now()))


@contextlib.asynccontextmanager
async def saves(live: LiveKernel, folder: Path) -> AsyncIterator[Saves]:
    """Saves of this kernel in the background, into a store that is gone afterwards."""
    session, agent = Session(folder), await KernelAgent.attach(live.connection_file)
    background = Saves(session, agent)
    task = asyncio.create_task(background.run())
    try:
        yield background
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()
        shutil.rmtree(folder / "store", ignore_errors=True)

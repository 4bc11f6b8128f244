"""What snapshots and copies in reserve cost a loop of trivial cells, of which nothing but the cost of a cell is left."""

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


async def cells(folder: Path, samples: Samples, count: int) -> None:
    """Each loop in a plain kernel, and in one that is saved whenever the budget of the product allows."""
    for loop, text in LOOPS.items():
        plain, _ = await _loop(folder, count, text, saved=False)
        ours, snapshots = await _loop(folder, count, text, saved=True)
        samples.add(f"{loop}: plain", plain)
        samples.add(f"{loop}: with checkpoints", ours)
        samples.add(f"{loop}: snapshots", snapshots)
        samples.add(f"{loop}: cost", ours / plain - 1)


async def _loop(folder: Path, count: int, text: Callable[[int], str], *, saved: bool) -> tuple[float, int]:
    """The seconds of `count` cells, and how many snapshots were taken meanwhile."""
    async with kernel(folder, "cells") as live:
        await live.run("x = 0")
        async with checkpoints(live, folder) if saved else contextlib.nullcontext(lambda: 0) as taken:
            start = time.perf_counter()
            for number in range(count):
                await live.run(text(number))
            return time.perf_counter() - start, taken()


@contextlib.asynccontextmanager
async def checkpoints(live: LiveKernel, folder: Path) -> AsyncIterator[Callable[[], int]]:
    """Save in the background by the product's own rule of when; gives a function that counts the snapshots."""
    settings = Settings()
    limits = Limits(settings.min_interval_s, settings.kernel_share, settings.machine_share)
    session, agent = Session(folder), await KernelAgent.attach(live.connection_file)
    counted = 0

    async def loop() -> None:
        nonlocal counted
        ledger = Ledger()
        while True:
            ledger.touched(time.monotonic())
            due = ledger.due_at(limits)
            await asyncio.sleep(max(0.0, (due or 0) - time.monotonic()))
            ledger.saving(time.monotonic())
            work = await session.save(agent, background=True)
            assert session.entry is not None
            ledger.saved(session.entry.report["pause_s"] or 0.0, work)
            counted += 1

    task = asyncio.create_task(loop())
    try:
        yield lambda: counted
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()
        shutil.rmtree(folder / "store", ignore_errors=True)

"""CRIU: the whole process, by the operating system; where it is installed and allowed (root)."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from pathlib import Path

from benchmarks.environments import Unavailable
from benchmarks.kernels import kernel
from benchmarks.samples import Samples
from benchmarks.states import State

_OPTIONS = ("--leave-running", "--shell-job", "--tcp-established", "--ext-unix-sk", "--file-locks")


async def run(state: State, folder: Path, samples: Samples) -> None:
    """The same three snapshots as `ours.run`, the kernel stopped meanwhile. Its restoration needs the same process ids."""
    if shutil.which("criu") is None:
        raise Unavailable("absent: not installed here")
    if os.geteuid():
        raise Unavailable("absent: it needs root")
    samples.note("no restoration: it needs the former process's id and open connections")
    async with kernel(folder, "criu") as live:
        await live.run(state.build)
        for name, change in (("first", "pass"), ("element", state.element), ("small", state.small)):
            await live.run(change)
            images = folder / "criu-images"
            images.mkdir()
            samples.add(name, await _dump(live.process.pid, images))
            samples.add(f"{name} bytes", sum(file.stat().st_size for file in images.iterdir()))
            samples.add("pause", samples.values[name][-1])
            shutil.rmtree(images)


async def _dump(pid: int, images: Path) -> float:
    start = time.perf_counter()
    command = ("criu", "dump", "-t", str(pid), "-D", str(images), "-o", "log", *_OPTIONS)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    if process.returncode:
        log = images / "log"
        faults = [line for line in log.read_text().splitlines() if "Error" in line] if log.exists() else []
        raise Unavailable(f"its dump failed: {(faults or [errors.decode().strip()])[0][:160]}")
    return time.perf_counter() - start

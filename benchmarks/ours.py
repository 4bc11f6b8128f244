"""This project, by its real path: a kernel, its agent, a snapshot writer and a store in a folder, synced to the disk."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.kernels import kernel
from benchmarks.page_cache import evict, load
from benchmarks.samples import Samples
from benchmarks.states import IMPORTS, State
from jupyter_extension.checkpoint.kernel_states import BACKGROUND_NICENESS
from jupyter_extension.kernel_client import KernelAgent, KernelEntry, load_kernel, save_kernel
from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import open_store, prefixed

SESSION = "benchmark-session"
PREFIX = "kernel/main/"


class Session:
    """A store and the snapshots of one kernel in it, one on top of the other."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(f"file://{folder / 'store'}")
        self.view = prefixed(self._store, f"sessions/{SESSION}/")
        self.keys = SessionKeys(SessionKeys.generate())
        self.base: Manifest | None = None
        self.entry: KernelEntry | None = None
        self.written = 0

    async def save(self, agent: KernelAgent, when: str = "boundary", *, background: bool = False) -> float:
        """A durable snapshot; gives its seconds. `background`: as a server does it all along (priority, copy in reserve)."""
        start = time.perf_counter()
        writer = SnapshotWriter(self.view, self.keys, SESSION, epoch=1, base=self.base)
        niceness = BACKGROUND_NICENESS if background else 0
        self.entry = await save_kernel(agent, writer, PREFIX, self.entry, when, reserve=background, niceness=niceness)
        self.base = await writer.commit({"kernels": {"main": self.entry.to_json()}})
        seconds = time.perf_counter() - start
        self.written = writer.bytes_written + (await self.view.head(f"manifests/{self.base.snapshot}")).size
        return seconds

    async def load(self, agent: KernelAgent) -> tuple[float, dict[str, Any]]:
        """Put the last snapshot into another kernel; gives the seconds and the report."""
        assert self.base is not None
        assert self.entry is not None
        start = time.perf_counter()
        reader = await open_snapshot(self.view, self.keys, SESSION, self.base.snapshot)
        report = await load_kernel(agent, reader, self.entry)
        return time.perf_counter() - start, report

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()


async def run(state: State, folder: Path, samples: Samples) -> None:
    """First snapshot, one after an element and one after a variable changed, and the restoration; three pauses besides."""
    session = Session(folder)
    async with kernel(folder, "ours") as live:
        await live.run(state.build)
        agent = await KernelAgent.attach(live.connection_file)
        await save(session, agent, samples, "first")
        for _ in range(2):  # the second one is what each later one costs
            await live.run(state.element)
            again = await save(session, agent, samples, None)
        samples.add("element", again)
        samples.add("element bytes", session.written)
        await live.run(state.small)
        await save(session, agent, samples, "small")
        proof = await live.value(state.proof)
    for name in ("restore", "warm", "cold"):
        if name == "warm":
            load(folder / "store")
        if name == "cold":
            evict(folder / "store")
        async with kernel(folder, f"ours-{name}") as fresh:
            await fresh.run(IMPORTS)
            taken, report = await session.load(await KernelAgent.attach(fresh.connection_file))
            samples.add(name, taken)
            if await fresh.value(state.proof) != proof or report.get("lost"):
                samples.note(f"restored wrong: {report.get('lost')}")
    await session.close()
    shutil.rmtree(folder / "store")


async def save(session: Session, agent: KernelAgent, samples: Samples, name: str | None) -> float:
    """One snapshot with its pause, and under `name` its seconds and bytes."""
    taken = await session.save(agent)
    assert session.entry is not None
    samples.add("pause", session.entry.report["pause_s"])
    if name:
        samples.add(name, taken)
        samples.add(f"{name} bytes", session.written)
    return taken


async def busy(state: State, folder: Path, samples: Samples) -> None:
    """First snapshots of an idle kernel, and of one in the middle of a cell that keeps the interpreter busy."""
    for name in ("idle", "busy"):
        session = Session(folder)
        async with kernel(folder, name) as live:
            await live.run(state.build)
            agent = await KernelAgent.attach(live.connection_file)
            await live.run("pass")
            cell = live.begin("while True: x += 1") if name == "busy" else None
            if cell:
                await _until_busy(agent)
            samples.add(name, await session.save(agent, "now"))
            assert session.entry is not None
            samples.add(f"{name} pause", session.entry.report["pause_s"])
        await session.close()
        shutil.rmtree(folder / "store")


async def _until_busy(agent: KernelAgent) -> None:
    while (await agent.status()).current_msg_id is None:  # noqa: ASYNC110 - the agent has no such event
        await asyncio.sleep(0.01)

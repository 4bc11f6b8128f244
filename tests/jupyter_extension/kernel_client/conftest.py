"""Kernels with the agent in them, and a store in memory to save them into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_extension.kernel_client import KernelAgent, KernelEntry, load_kernel, save_kernel
from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import ObjectStore, open_store
from tests.rigs.kernels import LiveKernel

SESSION = "session-of-tests"
PREFIX = "kernel/k/"


class Kernels:
    """Starts kernels, and moves states from one to another."""

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self.store = store
        self.keys = SessionKeys(b"k" * 32)
        self._folder = folder
        self._live: list[LiveKernel] = []

    async def start(self, **options: Any) -> tuple[LiveKernel, KernelAgent]:
        """A fresh kernel and its agent."""
        kernel = await self.bare(**options)
        return kernel, await KernelAgent.attach(kernel.connection_file)

    async def bare(self, **options: Any) -> LiveKernel:
        """A fresh kernel without an agent."""
        kernel = await LiveKernel.start(self._folder, name=f"kernel{len(self._live)}", **options)
        self._live.append(kernel)
        return kernel

    def writer(self, base: Manifest | None = None) -> SnapshotWriter:
        """A new snapshot."""
        return SnapshotWriter(self.store, self.keys, SESSION, epoch=1, base=base)

    async def save(
        self, agent: KernelAgent, base: Manifest | None = None, **options: Any
    ) -> tuple[KernelEntry, Manifest, SnapshotWriter]:
        """Save and commit."""
        writer = self.writer(base)
        former = KernelEntry.from_json(base.body["kernel"]) if base else None
        entry = await save_kernel(agent, writer, PREFIX, former, **options)
        return entry, await writer.commit({"kernel": entry.to_json()}), writer

    async def load(self, agent: KernelAgent, manifest: Manifest) -> dict[str, Any]:
        """Load a snapshot as another server would: from the store alone."""
        reader = await open_snapshot(self.store, self.keys, SESSION, manifest.snapshot)
        return await load_kernel(agent, reader, KernelEntry.from_json(reader.manifest.body["kernel"]))

    async def move(self, agent: KernelAgent, **options: Any) -> LiveKernel:
        """Save a kernel, and load it into a fresh one."""
        _, manifest, _ = await self.save(agent, **options)
        target, other = await self.start()
        await self.load(other, manifest)
        return target

    async def close(self) -> None:
        """End all kernels."""
        for kernel in self._live:
            await kernel.close()
        await self.store.close()


@pytest.fixture
async def kernels(tmp_path: Path) -> AsyncIterator[Kernels]:
    found = Kernels(tmp_path, open_store("memory:"))
    yield found
    await found.close()

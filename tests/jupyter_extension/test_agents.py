"""Kernels that take their time to start, as on a machine where ten of them start at once, and kernels that never do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from jupyter_extension import agents as agents_module
from jupyter_extension.agents import Agents, NoAgent

LIMIT_S = 120.0
SLOW = f'while [ -e slow ]; do sleep 0.05; done; exec {sys.executable} -m ipykernel_launcher -f "$0"'


class Manager(AsyncKernelManager):
    """Counts how often somebody wants to know whether its kernel lives."""

    asked = 0

    async def is_alive(self) -> bool:
        self.asked += 1
        return bool(await super().is_alive())


class Managers(dict[str, Manager]):
    """As the server's, as far as agents ask it."""

    def get_kernel(self, kernel: str) -> Manager:
        return self[kernel]


@pytest.fixture
async def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Manager]:
    """Of a kernel that does not answer as long as there is a file `slow` in its folder."""
    monkeypatch.setattr(agents_module, "ANSWER_S", 0.2)
    kind = tmp_path / "kinds" / "slow"
    kind.mkdir(parents=True)
    spec: dict[str, Any] = {"argv": ["sh", "-c", SLOW, "{connection_file}"], "display_name": "", "language": "python"}
    (kind / "kernel.json").write_text(json.dumps(spec))
    kinds = KernelSpecManager(kernel_dirs=[str(kind.parent)])
    manager = Manager(kernel_name="slow", kernel_spec_manager=kinds, connection_file=str(tmp_path / "kernel.json"))
    (tmp_path / "slow").touch()
    await manager.start_kernel(cwd=str(tmp_path))
    yield manager
    await manager.shutdown_kernel(now=True)


@pytest.fixture
async def agents(manager: Manager) -> AsyncIterator[Agents]:
    agents = Agents(Managers(k=manager), manager.log)
    yield agents
    await agents.close()


async def test_a_kernel_that_is_slow_to_start_is_waited_for(agents: Agents, manager: Manager, tmp_path: Path) -> None:
    attaching = agents.attach("k")
    while manager.asked < 2:
        assert not attaching.done()
        await asyncio.sleep(0.05)
    (tmp_path / "slow").unlink()
    agent = await asyncio.wait_for(attaching, LIMIT_S)
    assert not (await agent.status()).busy


async def test_a_kernel_that_has_died_is_not(agents: Agents, manager: Manager) -> None:
    attaching = agents.attach("k")
    while manager.asked < 1:
        await asyncio.sleep(0.05)
    await manager.signal_kernel(9)
    with pytest.raises(NoAgent, match="no kernel answers"):
        await asyncio.wait_for(attaching, LIMIT_S / 2)

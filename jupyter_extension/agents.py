"""The agents in this server's kernels: attached early, kept, and attached anew when a kernel was restarted."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from jupyter_extension.errors import ExtensionError
from jupyter_extension.record.watch import process_id

ATTACH_LIMIT_S = 60.0


class NoAgent(ExtensionError):
    """This kernel can't be saved: it isn't Python, or it did not let the agent in."""

    retryable = True


class Agents:
    """`KernelAgent` by kernel id."""

    def __init__(self, managers: Any, log: logging.Logger) -> None:
        self._managers, self._log = managers, log
        self._agents: dict[str, tuple[int | None, Any]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._refused: dict[str, str] = {}

    async def get(self, kernel: str, *, timeout: float = ATTACH_LIMIT_S) -> Any:
        """The kernel's agent. Raises NoAgent with the reason."""
        async with self._locks.setdefault(kernel, asyncio.Lock()):
            try:
                manager = self._managers.get_kernel(kernel)
            except KeyError as e:
                raise NoAgent("the kernel is gone") from e
            pid = process_id(manager)
            known = self._agents.get(kernel)
            if known is not None and known[0] == pid:
                return known[1]
            await self.drop(kernel)
            agent = await self._attach(manager, timeout)
            self._agents[kernel] = (pid, agent)
            return agent

    async def _attach(self, manager: Any, timeout: float) -> Any:
        from jupyter_extension.kernel_client import KernelAgent  # noqa: PLC0415 - a server without Python kernels never needs it

        language = getattr(manager.kernel_spec, "language", "") if manager.kernel_spec else ""
        if language.lower() != "python":
            raise NoAgent(f"variables of {language or 'this kind of'} kernels can't be saved")
        try:
            return await KernelAgent.attach(manager.connection_file, timeout=timeout)
        except Exception as e:  # noqa: BLE001 - whatever a kernel does to the agent is no fault of the server's
            raise NoAgent(f"the kernel did not let the agent in: {e or type(e).__name__}") from e

    def known(self, kernel: str) -> Any | None:
        """The agent, if it is attached already."""
        known = self._agents.get(kernel)
        return known[1] if known else None

    async def drop(self, kernel: str) -> None:
        """The kernel is gone or another process."""
        known = self._agents.pop(kernel, None)
        if known is not None:
            try:
                await known[1].close()
            except Exception as e:  # noqa: BLE001 - its socket may be gone with the kernel
                self._log.debug("closing the agent of %s: %r", kernel, e)

    async def close(self) -> None:
        """Let go of all."""
        for kernel in list(self._agents):
            await self.drop(kernel)

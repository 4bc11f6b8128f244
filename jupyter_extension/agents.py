"""The agents in this server's kernels: attached early, kept, and attached anew when a kernel was restarted."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from jupyter_core.utils import ensure_async

from jupyter_extension.errors import ExtensionError
from jupyter_extension.record.watch import process_id

ATTACH_LIMIT_S = 60.0
START_LIMIT_S = 120.0
"""So long a kernel may take until it answers: ten that start at once on two processors take half a minute and more."""
ANSWER_S = 5.0  # between looks whether its process lives at all
PAUSE_S = 0.2
CELL_LIMIT_S = 7 * 24 * 3600.0  # a cell that ran when we came may run for days


class NoAgent(ExtensionError):
    """This kernel can't be saved: it isn't Python, or it did not let the agent in."""

    retryable = True


class Agents:
    """`KernelAgent` by kernel id."""

    def __init__(self, managers: Any, log: logging.Logger) -> None:
        self._managers, self._log = managers, log
        self._attaching: dict[str, tuple[int | None, asyncio.Future[Any]]] = {}

    async def get(self, kernel: str, *, timeout: float = ATTACH_LIMIT_S) -> Any:
        """The kernel's agent. Raises NoAgent with the reason, also if a cell keeps it out for longer than `timeout` s."""
        attaching = self.attach(kernel)
        done, _ = await asyncio.wait({attaching}, timeout=timeout)
        if not done:
            raise NoAgent("the kernel is still starting, or has run one cell since: the agent waits for that")
        return attaching.result()

    def attach(self, kernel: str) -> asyncio.Future[Any]:
        """Begin to let the agent in, once for each process of the kernel; a failure is tried again by the next call."""
        pid = process_id(self._managers.get_kernel(kernel)) if kernel in self._managers else None
        known = self._attaching.get(kernel)
        if known is None or known[0] != pid or _failed(known[1]):
            known = self._attaching[kernel] = (pid, asyncio.ensure_future(self._attach(kernel)))
            known[1].add_done_callback(_failed)
        return known[1]

    async def _attach(self, kernel: str) -> Any:
        try:
            manager = self._managers.get_kernel(kernel)
        except KeyError as e:
            raise NoAgent("the kernel is gone") from e
        language = getattr(manager.kernel_spec, "language", "") if manager.kernel_spec else ""
        if language.lower() != "python":
            raise NoAgent(f"variables of {language or 'this kind of'} kernels can't be saved")
        try:
            return await self._let_in(manager)
        except Exception as e:
            raise NoAgent(f"the kernel did not let the agent in: {e or type(e).__name__}") from e

    async def _let_in(self, manager: Any) -> Any:
        """A kernel that lives and does not answer yet may just be starting on a busy machine."""
        from jupyter_extension.kernel_client import KernelAgent, KernelNotFound  # noqa: PLC0415 - with the first kernel only

        end = time.monotonic() + START_LIMIT_S
        while True:
            try:
                return await KernelAgent.attach(manager.connection_file, timeout=CELL_LIMIT_S, answer=ANSWER_S)
            except KernelNotFound:
                if time.monotonic() > end or not await ensure_async(manager.is_alive()):
                    raise
            await asyncio.sleep(PAUSE_S)

    def known(self, kernel: str) -> Any | None:
        """The agent, if it is attached already."""
        known = self._attaching.get(kernel)
        return known[1].result() if known and known[1].done() and not _failed(known[1]) else None

    async def drop(self, kernel: str) -> None:
        """The kernel is gone or another process."""
        known = self._attaching.pop(kernel, None)
        if known is None:
            return
        known[1].cancel()
        await asyncio.wait({known[1]})
        if not _failed(known[1]):
            await known[1].result().close()

    async def close(self) -> None:
        """Let go of all."""
        for kernel in list(self._attaching):
            await self.drop(kernel)


def _failed(attaching: asyncio.Future[Any]) -> bool:
    """Whether it ended without an agent; reading the exception keeps asyncio from calling it forgotten."""
    return attaching.done() and (attaching.cancelled() or attaching.exception() is not None)

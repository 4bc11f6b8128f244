"""Stops the session here: the last snapshot, and nothing that runs on after it. And undoes that, or makes it final."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from typing import Any, Callable

from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.checkpointer import Checkpointer
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.checkpoint.plan import Plan
from jupyter_extension.errors import SnapshotFailed, WrongState
from jupyter_extension.processes import signal_sessions
from jupyter_extension.record.pump import JournalPump
from jupyter_extension.status import Status

NO_DEADLINE_S = 600.0
DRAIN_S = 0.05
LEAST_S = 0.3


class Freezer:
    """Freeze, thaw, stop. Two calls at once are one."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        *,
        checkpointer: Checkpointer,
        pump: JournalPump,
        agents: Agents,
        layout: Layout,
        status: Status,
        close_pages: Callable[[], None],
        reopen: Callable[[], None],
        margin_s: float,
        boundary_wait_s: float,
        log: logging.Logger,
    ) -> None:
        self._checkpointer, self._pump, self._agents, self._layout = checkpointer, pump, agents, layout
        self._status, self._log = status, log
        self._close_pages, self._reopen = close_pages, reopen
        self._margin, self._boundary_wait = margin_s, boundary_wait_s
        self._task: asyncio.Future[str | None] | None = None

    async def freeze(self, deadline: float | None) -> str | None:
        """Stop everything and save it; the snapshot's id, which is durable. `deadline` in Unix seconds.

        If no new one can be made in time it is the last durable one, and None if there never was one.
        """
        if self._task is None:
            if self._status.state not in ("running", "frozen"):
                raise WrongState(f"the session is {self._status.state}: there is nothing to freeze here")
            self._task = asyncio.ensure_future(self._freeze(deadline))
        return await asyncio.shield(self._task)

    async def _freeze(self, deadline: float | None) -> str | None:
        self._status.enter("freezing", tell="freezing")
        self._close_pages()
        left = (deadline - time.time() if deadline is not None else NO_DEADLINE_S) - self._margin
        end = time.monotonic() + max(left, LEAST_S)
        try:
            await asyncio.wait_for(self._save_until(end), end - time.monotonic())
        except (asyncio.TimeoutError, SnapshotFailed) as e:
            self._log.warning(
                "no new snapshot before the end (%s); the last durable one counts", str(e) or "out of time"
            )
        await self.stop_processes()
        await self._last_words(max(end - time.monotonic(), LEAST_S))
        self._status.enter("frozen", tell="freezing")
        base = self._checkpointer.capture.base
        return base.snapshot if base else None

    async def _save_until(self, end: float) -> None:
        while True:
            left = end - time.monotonic()
            plan = Plan(
                save=set(self._layout.kernels()),
                freeze=True,
                patience=min(self._boundary_wait, left / 4),
                timeout=left,
                before_files=self.stop_processes,
            )
            try:
                await self._checkpointer.take(plan)
            except SnapshotFailed as e:
                self._log.warning("%s; trying again", e)
                await asyncio.sleep(min(0.3, left / 4))
            else:
                return

    async def _last_words(self, limit: float) -> None:
        """What the kernels printed up to their stop is on its way to us; then into the journal with it."""
        await asyncio.sleep(DRAIN_S)
        try:
            await asyncio.wait_for(self._pump.flush(), limit)
        except asyncio.TimeoutError:
            self._log.warning("the journal could not be flushed before the end")

    async def stop_processes(self) -> None:
        """Stop kernels, terminals and what they started; already stopped ones stay so."""
        for kernel in self._layout.kernels():
            agent = self._agents.known(kernel)
            if agent is not None:
                await agent.freeze()
        await self._signal(signal.SIGSTOP)

    async def _signal(self, number: signal.Signals) -> None:
        processes = self._layout.processes()
        await asyncio.get_running_loop().run_in_executor(None, signal_sessions, processes, number)

    async def hold(self) -> None:
        """Stop without a snapshot: the gateway is out of reach, so another copy may be about to live."""
        self._status.enter("frozen", tell="freezing")
        self._close_pages()
        await self.stop_processes()

    async def thaw(self) -> None:
        """The move was called off: everything goes on. Raises WrongState if the session is not here any more."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task})
        if self._status.state == "running":
            return
        if self._status.state != "frozen":
            raise WrongState(f"the session is {self._status.state} and can't go on here")
        self._task = None
        await self._signal(signal.SIGCONT)
        for kernel in self._layout.kernels():
            agent = self._agents.known(kernel)
            if agent is not None:
                await agent.thaw()
        self._status.enter("running")
        self._status.clear()
        self._reopen()


class Stopper:
    """The end of the session here: another pod owns it."""

    def __init__(
        self, managers: Any, terminals: Any, status: Status, close_pages: Callable[[], None], log: logging.Logger
    ) -> None:
        self._managers, self._terminals = managers, terminals
        self._status, self._close_pages, self._log = status, close_pages, log
        self._task: asyncio.Future[None] | None = None

    async def stop(self, *, way_is_open: bool = False) -> None:
        """Kill kernels and terminals; idempotent, and two calls at once are one. `way_is_open`: see `Status.fence`."""
        self._status.fence(way_is_open=way_is_open)
        if self._task is None or (self._task.done() and self._managers.list_kernel_ids()):
            self._task = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._task)

    async def _stop(self) -> None:
        self._close_pages()
        for kernel in [str(k) for k in self._managers.list_kernel_ids()]:
            await self._kill(kernel)
        shells = [t.ptyproc.pid for t in (getattr(self._terminals, "terminals", None) or {}).values()]
        await asyncio.get_running_loop().run_in_executor(None, signal_sessions, shells, signal.SIGKILL)

    async def _kill(self, kernel: str) -> None:
        try:
            await self._managers.shutdown_kernel(kernel, now=True)
        except Exception as e:  # noqa: BLE001 - the other kernels must be stopped too
            self._log.warning("kernel %s could not be stopped: %r", kernel, e)

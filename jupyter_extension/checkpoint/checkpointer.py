"""Keeps a recent snapshot of everything, in the background, for as long as the session runs here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, Awaitable, Callable

from jupyter_extension.checkpoint.budget import Ledger, Limits
from jupyter_extension.checkpoint.capture import Capture
from jupyter_extension.checkpoint.kernel_states import NEEDED
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.checkpoint.plan import Plan, Result, at_risk, covered
from jupyter_extension.errors import ExtensionError, FencedOut, SnapshotFailed
from jupyter_extension.kernel.cgroup import leaves
from jupyter_extension.status import Status

IDLE_LOOK_S = 60.0
FROZEN_LOOK_S = 1.0
SHORT_S = 2.0  # until memory that was lacking for a snapshot is looked for again


class Checkpointer:
    """Decides when; one snapshot at a time; whoever asks while one is taken gets the next."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        capture: Capture,
        layout: Layout,
        status: Status,
        *,
        limits: Limits,
        files_changed: Callable[[], Awaitable[bool]],
        files_interval_s: float,
        kernel_timeout_s: float,
        patience_s: float,
        retry_limit_s: float,
        log: logging.Logger,
    ) -> None:
        self.capture = capture
        self._layout, self._status, self._limits, self._log = layout, status, limits, log
        self._files_changed, self._files_interval = files_changed, files_interval_s
        self._kernel_timeout, self._patience, self._retry_limit = kernel_timeout_s, patience_s, retry_limit_s
        self._ledgers: dict[str, Ledger] = {}
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._asked: list[asyncio.Future[Result]] = []
        self._retry_at = 0.0
        self._pause = 0.5
        self._next_files = 0.0
        self._saving: set[str] = set()

    def activity(self, kernel: str, what: str) -> None:
        """A kernel began or ended something: `started`, `done`, `restarted`, `gone`."""
        now = time.monotonic()
        if what == "gone":
            self._ledgers.pop(kernel, None)
        elif what == "restarted":
            self._ledgers[kernel] = Ledger(dirty_since=now)
        else:
            self._ledgers.setdefault(kernel, Ledger(dirty_since=now)).touched(now)
        if kernel not in self._saving:
            self.capture.kernels.hurry.set()
        self._wake.set()

    def dirty(self) -> set[str]:
        """The kernels that have something new."""
        return {k for k, ledger in self._ledgers.items() if ledger.dirty_since is not None}

    async def now(self) -> Result:
        """Save at once, whatever it costs. Raises SnapshotFailed or FencedOut."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        self._retry_at = 0.0
        self.capture.kernels.hurry.set()
        self._wake.set()
        return await future

    async def run(self) -> None:
        """Until cancelled or fenced. While the session is frozen its last snapshot stands: it alone holds what was salvaged."""
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._sleep_s())
            self._wake.clear()
            if self._status.state == "running":
                await self._look()
            else:
                asked, self._asked = self._asked, []
                self._answer(asked, error=SnapshotFailed("the session is being moved: its last snapshot counts"))

    def _sleep_s(self) -> float:
        if self._status.state != "running":
            return FROZEN_LOOK_S
        now = time.monotonic()
        due = [at for at in (ledger.due_at(self._limits) for ledger in self._ledgers.values()) if at is not None]
        soonest = min([*due, self._next_files, now + IDLE_LOOK_S])
        return max(soonest, self._retry_at) - now if max(soonest, self._retry_at) > now else 0.05

    async def _look(self) -> None:
        now = time.monotonic()
        if now < self._retry_at:
            return
        asked, self._asked = self._asked, []
        due = {
            k
            for k, at in ((k, v.due_at(self._limits)) for k, v in self._ledgers.items())
            if at is not None and at <= now
        }
        short = not asked and bool(due) and not leaves(NEEDED)
        if short:
            due, self._retry_at = set(), now + SHORT_S
        files = bool(asked) or await self._files_due(now)
        if not (asked or due or files):
            return
        plan = Plan(
            save=self.dirty() if files and not short else due,
            files=files,
            patience=self._patience,
            timeout=self._kernel_timeout,
        )
        try:
            result = await self.take(plan)
        except ExtensionError as e:
            self._answer(asked, error=e)
            if isinstance(e, FencedOut):
                raise
        else:
            self._answer(asked, result)

    async def _files_due(self, now: float) -> bool:
        if now < self._next_files:
            return False
        self._next_files = now + self._files_interval
        return await self._files_changed()

    def _answer(
        self, asked: list[asyncio.Future[Result]], result: Result | None = None, error: Exception | None = None
    ) -> None:
        for future in asked:
            if not future.done() and result is not None:
                future.set_result(result)
            elif not future.done() and error is not None:
                future.set_exception(error)

    async def take(self, plan: Plan) -> Result:
        """One snapshot now, after the one that is being taken. Raises SnapshotFailed or FencedOut."""
        if plan.freeze:
            self.capture.kernels.hurry.set()
        async with self._turn:
            self.capture.kernels.hurry.clear()
            self._saving = set(plan.save)
            now = time.monotonic()
            before = {k: self._ledgers.setdefault(k, Ledger(dirty_since=now)).saving(now) for k in plan.save}
            try:
                result = await self.capture.take(plan)
            except BaseException as e:
                self._settle(before, {}, 0.0)
                if isinstance(e, SnapshotFailed):
                    self._back_off(e)
                raise
            self._settle(before, result.saved, result.work_s)
            self._pause = 0.5
            self._tell(result)
            return result

    def _settle(self, before: dict[str, Ledger], saved: dict[str, Any], work_s: float) -> None:
        for kernel, old in before.items():
            ledger = self._ledgers.get(kernel)
            if ledger is not None and kernel in saved:
                ledger.saved(float(saved[kernel]["report"].get("pause_s") or 0.0), work_s)
            elif ledger is not None:
                ledger.failed(old)

    def _back_off(self, error: SnapshotFailed) -> None:
        self._log.warning("%s; the next try is in %.1f s", error, self._pause)
        self._status.failed(str(error))
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, self._retry_limit)

    def _tell(self, result: Result) -> None:
        manifest = result.manifest
        saved = {
            "snapshot": manifest.snapshot,
            "at": manifest.created,
            "bytes_state": manifest.state_bytes,
            "bytes_written": result.bytes_written,
        }
        self._status.became_durable(saved, covered(result), at_risk(result, self.capture.kernels.reasons))

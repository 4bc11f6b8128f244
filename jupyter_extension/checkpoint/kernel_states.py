"""The kernels' part of a snapshot: each one's state at its last boundary, or the one before, and the reason why it is not newer."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.plan import JsonDict, Plan
from jupyter_extension.errors import ExtensionError, FencedOut
from jupyter_extension.kernel.cgroup import leaves
from jupyter_extension.record.recorder import Recorder
from migrator.snapshot import SnapshotWriter
from migrator.storage.errors import StorageError

BACKGROUND_NICENESS = 10
HANG_S = 5.0  # a child that stands still for so long is ended, and another one forked
AGENT_WAIT_S = 1.0  # an agent that isn't in yet waits for a cell; the snapshot must not
LOOK_S = 0.1
AT_ONCE_S = 0.5  # an idle kernel needs no longer to fork, however great the hurry


NEEDED = 96 << 20
"""Bytes that a snapshot takes on the way, in kernel and server together: without them the system might end the kernel itself."""


class KernelStates:
    """Saves kernels into snapshots; `reasons` says why a kernel that is there has no new state."""

    def __init__(self, agents: Agents, recorder: Recorder, log: logging.Logger) -> None:
        self._agents, self._recorder, self._log = agents, recorder, log
        self.reasons: dict[str, str] = {}
        self._noted: set[tuple[str, str]] = set()
        self.hurry = asyncio.Event()

    async def save(
        self, writer: SnapshotWriter, plan: Plan, present: JsonDict, old: JsonDict
    ) -> tuple[dict[str, JsonDict], dict[str, str]]:
        """Save those of the plan that are `present`: the new entries, and why others have none. `old`: the base's entries."""
        wanted = sorted(k for k in plan.save if k in present)
        results = await asyncio.gather(*(self._save_one(writer, plan, k, old.get(k)) for k in wanted))
        saved = {k: r for k, r in zip(wanted, results) if isinstance(r, dict)}
        failed = {k: r for k, r in zip(wanted, results) if isinstance(r, str)}
        self.reasons = {k: r for k, r in {**self.reasons, **failed}.items() if k in present and k not in saved}
        return saved, failed

    async def _save_one(self, writer: SnapshotWriter, plan: Plan, kernel: str, old: JsonDict | None) -> Any:
        """The kernel's new entry, or the reason why there is none."""
        if not plan.freeze and not leaves(NEEDED):
            return "there is too little memory left to save it without harm"
        try:
            return await self._boundary(writer, plan, kernel, old)
        except (StorageError, FencedOut):
            raise
        except (ExtensionError, asyncio.TimeoutError) as e:
            return str(e) or "it did not come to the end of its cell in time"
        except Exception as e:  # noqa: BLE001 - a kernel that can't be saved must not cost the others' snapshot
            self._log.info("kernel %s was not saved: %r", kernel, e)
            return str(e) or type(e).__name__

    async def _boundary(self, writer: SnapshotWriter, plan: Plan, kernel: str, old: JsonDict | None) -> JsonDict:
        """Save at the next boundary; give up if the kernel reaches none within `patience`, or before somebody's hurry."""
        agent = await self._agents.get(kernel, timeout=min(plan.patience, AGENT_WAIT_S))
        reached = asyncio.Event()
        saving = asyncio.ensure_future(self._save(agent, writer, f"kernel/{kernel}/", old, "boundary", plan, reached))
        try:
            began = await self._patiently(saving, reached, plan)
            entry: JsonDict = await saving
            entry["work_s"] = time.monotonic() - began
            self._tell(kernel, entry["report"])
            return entry
        finally:
            if not saving.done():
                saving.cancel()
                await asyncio.wait({saving})

    def _tell(self, kernel: str, report: JsonDict) -> None:
        """What an operator may want to know, each note once: the agent has no log of its own."""
        if report.get("forks", 1) > 1:
            self._log.warning("kernel %s needed %d forks; skipped: %s", kernel, report["forks"], report.get("skipped"))
        for note in report.get("notes", []):
            if (kernel, note) not in self._noted:
                self._noted.add((kernel, note))
                self._log.info("kernel %s notes: %s", kernel, note)

    async def _patiently(self, saving: asyncio.Future[Any], reached: asyncio.Event, plan: Plan) -> float:
        """Wait until it is saved: when the last boundary came, on the monotonic clock.

        Raises TimeoutError if there is none for too long; a child that failed has to wait for the next one, too.
        """
        since, arrival = time.monotonic(), None
        while not saving.done():
            await asyncio.wait({saving}, timeout=LOOK_S)
            now = time.monotonic()
            limit = min(plan.patience, AT_ONCE_S) if self.hurry.is_set() else plan.patience
            if reached.is_set():
                since, arrival = now, arrival or now
            else:
                arrival = None
            if not reached.is_set() and not saving.done() and now - since > limit:
                raise asyncio.TimeoutError
        return arrival or since

    async def _save(
        self,
        agent: Any,
        writer: SnapshotWriter,
        prefix: str,
        old: JsonDict | None,
        when: str,
        plan: Plan,
        reached: asyncio.Event | None = None,
    ) -> JsonDict:
        from jupyter_extension.kernel_client import KernelEntry, save_kernel  # noqa: PLC0415 - needed with the first kernel only

        base = KernelEntry.from_json(old) if old and old.get("parts") else None
        entry = await save_kernel(
            agent,
            writer,
            prefix,
            base,
            when,
            timeout=plan.timeout,
            freeze=plan.freeze,
            hang_s=min(HANG_S, max(plan.timeout / 5, 0.5)),
            niceness=0 if plan.freeze else BACKGROUND_NICENESS,
            reached=reached,
            reserve=True,
        )
        return dict(entry.to_json())

    def keep(self, writer: SnapshotWriter, kernel: str, old: JsonDict) -> JsonDict | None:
        """Take over what the base has of this kernel; None if there is nothing, or if it was restarted since."""
        entry: JsonDict | None = old.get(kernel)
        if entry is None or self._recorder.log_of(kernel).restarted:
            return None
        for part in entry["parts"]:
            writer.forget(part)
            writer.keep(part)
        return entry

    async def salvage(self, writer: SnapshotWriter, plan: Plan, kernel: str) -> JsonDict | None:
        """The namespace in the middle of a running cell, for the user to choose instead of running the cell again.

        None in the background, and if it can't be had.
        """
        agent = self._agents.known(kernel)
        if not plan.freeze or agent is None:
            return None
        try:
            return await self._save(agent, writer, f"kernel/{kernel}/salvage/", None, "now", plan)
        except (StorageError, FencedOut):
            raise
        except Exception as e:  # noqa: BLE001 - the checkpoint must not fail with the salvage beside it
            self._log.info("kernel %s was not salvaged: %r", kernel, e)
            return None

"""Takes one snapshot of the whole session: kernels, files, redo log, in that order, then the record.

What can't be saved in time falls back to what the snapshot before had; the redo log covers the difference.
"""

from __future__ import annotations

import asyncio
import logging
import time

from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.kernel_states import KernelStates
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.checkpoint.plan import JsonDict, Plan, Result
from jupyter_extension.errors import FencedOut, GatewayRefused, GatewayUnreachable, SnapshotFailed
from jupyter_extension.kernel.cgroup import memory
from jupyter_extension.link import Link
from jupyter_extension.login import Login
from jupyter_extension.memory import snapshot_budget
from jupyter_extension.record.pump import JournalPump
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.workspace import Workspace
from migrator.snapshot import Manifest, SessionKeys, SnapshotError, SnapshotWriter
from migrator.storage import ObjectStore
from migrator.storage.errors import Fenced, StorageError

END_WAIT_S = 5.0
FROZEN_WAIT_S = 0.1  # a kernel that was stopped at the boundary says no more; its last output may still be on the way


class Capture:
    """Makes snapshots on top of each other; remembers the last durable one as `base`."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        *,
        store: ObjectStore,
        keys: SessionKeys,
        session: str,
        epoch: int,
        link: Link,
        agents: Agents,
        recorder: Recorder,
        pump: JournalPump,
        workspace: Workspace,
        layout: Layout,
        login: Login,
        log: logging.Logger,
    ) -> None:
        self.base: Manifest | None = None
        self._store, self._keys, self._session, self._epoch = store, keys, session, epoch
        self._link, self._recorder, self._pump = link, recorder, pump
        self.kernels = KernelStates(agents, recorder, log)
        self._workspace, self._layout, self._login, self._log = workspace, layout, login, log

    async def take(self, plan: Plan) -> Result:
        """One durable snapshot. Raises FencedOut, or SnapshotFailed: then the last one stands."""
        budget = snapshot_budget(memory())
        writer = SnapshotWriter(
            self._store, self._keys, self._session, epoch=self._epoch, base=self.base, budget=budget
        )
        try:
            return await self._take(writer, plan)
        except Fenced as e:
            raise FencedOut(f"the session belongs to epoch {e.epoch} now") from e
        except (StorageError, SnapshotError, GatewayRefused, GatewayUnreachable, OSError, asyncio.TimeoutError) as e:
            raise SnapshotFailed(f"the snapshot could not be stored: {e or type(e).__name__}") from e
        finally:
            await asyncio.shield(self._give_up(writer))

    async def _give_up(self, writer: SnapshotWriter) -> None:
        """Take back what an unfinished writer wrote; nothing to do after a commit."""
        try:
            await writer.abort()
        except (StorageError, SnapshotError, OSError) as e:
            self._log.info("what an unfinished snapshot wrote stays in the store: %s", e)

    async def _take(self, writer: SnapshotWriter, plan: Plan) -> Result:
        layout = await self._layout.read()
        marks = {k: self._recorder.log_of(k).ends for k in plan.save}
        old = self.base.body["kernels"] if self.base else {}
        saved, failed = await self.kernels.save(writer, plan, layout["kernels"], old)
        reading_ended = time.monotonic()
        kernels = {
            kernel: {**(await self._kernel(writer, plan, kernel, saved.get(kernel), old)), **about}
            for kernel, about in layout["kernels"].items()
        }
        await plan.before_files()
        frozen_at = time.time()
        files = await self._files(writer, plan)
        await self._ends_heard(saved, FROZEN_WAIT_S if plan.freeze else END_WAIT_S)
        position = await self._pump.flush()
        layout = await self._layout.read()
        covered = self._covered(kernels, {k: m for k, m in marks.items() if k in saved})
        body = {
            "kernels": kernels,
            "sessions": layout["sessions"],
            "terminals": layout["terminals"],
            "files": files,
            "journal": {"epoch": position[0], "seq": position[1]},
            "redo": self._recorder.uncovered(covered),
            "server": {"at": time.time(), "login": self._login.to_json()},
        }
        if not plan.freeze:
            await writer.compact()
        manifest = await writer.commit(body)
        events = [{"event": "frozen", "at": frozen_at}, {"event": "durable", "at": time.time()}] if plan.freeze else []
        notebooks = sum(row["type"] == "notebook" for row in layout["sessions"])
        await self._link.durable(manifest.snapshot, manifest.state_bytes, events, notebooks)
        self.base = manifest
        self._recorder.trim(covered)
        work_s = time.monotonic() - reading_ended + sum(entry["work_s"] for entry in saved.values())
        return Result(manifest, saved, failed, writer.bytes_written, work_s)

    async def _kernel(
        self, writer: SnapshotWriter, plan: Plan, kernel: str, saved: JsonDict | None, old: JsonDict
    ) -> JsonDict:
        """The kernel's entry: its new state, or the one it had; with a salvage beside it if it is in the middle of a cell."""
        entry = saved or self.kernels.keep(writer, kernel, old)
        failed = saved is None and kernel in plan.save
        half_way = failed or (entry or {}).get("boundary", {}).get("overtaken")
        salvage = await self.kernels.salvage(writer, plan, kernel) if half_way else None
        return {"parts": [], "boundary": {}, "report": {}, "python": "", **(entry or {}), "salvage": salvage}

    async def _files(self, writer: SnapshotWriter, plan: Plan) -> JsonDict:
        if plan.files or self.base is None:
            return await self._workspace.save(writer, self.base)
        files: JsonDict = self.base.body["files"]
        for entry in files["entries"]:
            if "blob" in entry:
                writer.keep(entry["blob"])
        return files

    async def _ends_heard(self, saved: dict[str, JsonDict], limit: float) -> None:
        """A boundary's last request has ended, but the kernel's word of it may still be on its way to us."""
        deadline = time.monotonic() + limit
        for kernel, entry in saved.items():
            last, log = entry["boundary"].get("last_msg_id"), self._recorder.log_of(kernel)
            while not log.knows_end_of(last) and time.monotonic() < deadline:  # noqa: ASYNC110 - the log is pure state
                await asyncio.sleep(0.01)

    def _covered(self, kernels: dict[str, JsonDict], marks: dict[str, int]) -> dict[str, set[str]]:
        return {
            k: self._recorder.log_of(k).covered_by(e["boundary"].get("last_msg_id"), marks.get(k, 0))
            for k, e in kernels.items()
        }

"""Takes one snapshot of the whole session: kernels, files, redo log, in that order, then the record.

What can't be saved in time falls back to what the snapshot before had; the redo log covers the difference.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict

from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.errors import ExtensionError, FencedOut, GatewayRefused, GatewayUnreachable, SnapshotFailed
from jupyter_extension.link import Link
from jupyter_extension.login import Login
from jupyter_extension.record.pump import JournalPump
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.workspace import Workspace
from migrator.snapshot import Manifest, SessionKeys, SnapshotError, SnapshotWriter
from migrator.storage import ObjectStore
from migrator.storage.errors import Fenced, StorageError

JsonDict = Dict[str, Any]
END_WAIT_S = 5.0
FROZEN_WAIT_S = 0.1  # a kernel that was stopped at the boundary says no more; its last output may still be on the way
BACKGROUND_NICENESS = 10
HANG_S = 5.0  # a child that stands still for so long is ended, and another one forked
AGENT_WAIT_S = 1.0  # an agent that isn't in yet waits for a cell; the snapshot must not
LOOK_S = 0.1
AT_ONCE_S = 0.5  # an idle kernel needs no longer to fork, however great the hurry


async def _nothing() -> None:
    """No step between kernels and files."""


@dataclass
class Plan:
    """What one snapshot takes: kernels to save at a boundary within `patience` s, files or not.

    `freeze`: each kernel is stopped at the instant of its fork, and one whose cell does not end is salvaged beside its
    last checkpoint; then comes `before_files`.
    """

    save: set[str]
    freeze: bool = False
    files: bool = True
    patience: float = 5.0
    timeout: float = 120.0
    before_files: Callable[[], Awaitable[None]] = _nothing


@dataclass
class Result:
    """What was taken. `saved` names the kernels whose state is new; `failed` says why others' is not."""

    manifest: Manifest
    saved: dict[str, JsonDict]
    failed: dict[str, str]
    bytes_written: int
    work_s: float


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
        self.reasons: dict[str, str] = {}
        self.hurry = asyncio.Event()
        self._store, self._keys, self._session, self._epoch = store, keys, session, epoch
        self._link, self._agents, self._recorder, self._pump = link, agents, recorder, pump
        self._workspace, self._layout, self._login, self._log = workspace, layout, login, log

    async def take(self, plan: Plan) -> Result:
        """One durable snapshot. Raises FencedOut, or SnapshotFailed: then the last one stands."""
        writer = SnapshotWriter(self._store, self._keys, self._session, epoch=self._epoch, base=self.base)
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
        saved, failed = await self._save_kernels(writer, plan, layout["kernels"], old)
        reading_ended = time.monotonic()
        kernels: dict[str, JsonDict] = {}
        for kernel, about in layout["kernels"].items():
            entry = saved.get(kernel) or self._keep_kernel(writer, kernel, old)
            kernels[kernel] = {"parts": [], "boundary": {}, "report": {}, "python": "", **(entry or {}), **about}
            half_way = kernel in failed or (entry or {}).get("boundary", {}).get("overtaken")
            kernels[kernel]["salvage"] = await self._salvage(writer, plan, kernel) if half_way else None
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
        await self._link.durable(manifest.snapshot, manifest.state_bytes, events)
        self.base = manifest
        self._recorder.trim(covered)
        work_s = time.monotonic() - reading_ended + sum(entry["work_s"] for entry in saved.values())
        return Result(manifest, saved, failed, writer.bytes_written, work_s)

    async def _save_kernels(
        self, writer: SnapshotWriter, plan: Plan, present: JsonDict, old: JsonDict
    ) -> tuple[dict[str, JsonDict], dict[str, str]]:
        wanted = sorted(k for k in plan.save if k in present)
        results = await asyncio.gather(*(self._save_kernel(writer, plan, k, old.get(k)) for k in wanted))
        saved = {k: r for k, r in zip(wanted, results) if isinstance(r, dict)}
        failed = {k: r for k, r in zip(wanted, results) if isinstance(r, str)}
        self.reasons = {k: r for k, r in {**self.reasons, **failed}.items() if k in present and k not in saved}
        return saved, failed

    async def _save_kernel(self, writer: SnapshotWriter, plan: Plan, kernel: str, old: JsonDict | None) -> Any:
        """The kernel's new entry, or the reason why there is none."""
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
            if entry["report"].get("forks", 1) > 1:
                self._log.warning(
                    "kernel %s needed %d forks: %s", kernel, entry["report"]["forks"], entry["report"].get("retried")
                )
            return entry
        finally:
            if not saving.done():
                saving.cancel()
                await asyncio.wait({saving})

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

    def _keep_kernel(self, writer: SnapshotWriter, kernel: str, old: JsonDict) -> JsonDict | None:
        entry: JsonDict | None = old.get(kernel)
        if entry is None or self._recorder.log_of(kernel).restarted:
            return None
        for part in entry["parts"]:
            writer.forget(part)
            writer.keep(part)
        return entry

    async def _salvage(self, writer: SnapshotWriter, plan: Plan, kernel: str) -> JsonDict | None:
        """The namespace in the middle of a running cell, for the user to choose instead of running the cell again."""
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


def at_risk(result: Result, reasons: dict[str, str]) -> list[JsonDict]:
    """What the last snapshot does not hold, for the page: `[{"kernel", "path", "name", "reason"}]`."""
    rows: list[JsonDict] = []
    for kernel, entry in result.manifest.body["kernels"].items():
        about = {"kernel": kernel, "path": entry["path"]}
        rows += [{**about, "name": x["name"], "reason": x["reason"]} for x in entry["report"].get("lost", [])]
        if not entry["parts"] and kernel in reasons:
            rows.append({**about, "name": "all variables", "reason": reasons[kernel]})
    return rows


def covered(result: Result) -> list[JsonDict]:
    """What the last snapshot holds: `[{"kernel", "path", "names", "bytes"}]`."""
    blobs = result.manifest.blobs
    return [
        {
            "kernel": kernel,
            "path": entry["path"],
            "names": len(entry["report"].get("saved", [])),
            "bytes": sum(blobs[p].length for p in entry["parts"] if p in blobs),
        }
        for kernel, entry in result.manifest.body["kernels"].items()
        if entry["parts"]
    ]

"""Restores a session: files, kernels, sessions, terminals, redo log, login, in this order. The first readable snapshot counts."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Awaitable, Dict

from jupyter_extension.login import Login
from jupyter_extension.record.channels import PageChannels
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.record.watch import Watches
from jupyter_extension.restore.copied import left_out, shares_home
from jupyter_extension.restore.kernels import Kernels, gather_named
from jupyter_extension.restore.mute import Mute
from jupyter_extension.restore.plan import logs_of
from jupyter_extension.restore.resubmit import Resubmission
from jupyter_extension.restore.snapshots import Snapshots, none_left
from jupyter_extension.restore.terminals import reopen
from jupyter_extension.workspace import Workspace
from migrator.snapshot import SnapshotError, SnapshotReader
from migrator.storage import NotFound

JsonDict = Dict[str, Any]


class Restorer:
    """Made for one session; `restore` may be called again with the same result."""

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        *,
        snapshots: Snapshots,
        workspace: Workspace,
        kernels: Kernels,
        recorder: Recorder,
        watches: Watches,
        channels: PageChannels,
        mute: Mute,
        login: Login,
        managers: Any,
        terminals: Any,
        home: str,
        output_limit: int,
        replay_wait_s: float,
        log: logging.Logger,
    ) -> None:
        self.base: Any = None
        self.background: list[asyncio.Future[None]] = []
        self._snapshots, self._workspace, self._kernels = snapshots, workspace, kernels
        self._recorder, self._watches, self._channels, self._mute = recorder, watches, channels, mute
        self._login, self._managers, self._terminals, self._log = login, managers, terminals, log
        self._output_limit, self._replay_wait, self._home = output_limit, replay_wait_s, home

    async def restore(self, newest: str | None) -> JsonDict:
        """Restore the named snapshot or the one before it; the report. Raises NothingToRestore."""
        began, tried = time.monotonic(), []
        fallback: str | None = None
        candidates: list[str] = [newest] if newest else await self._snapshots.candidates(None)
        while candidates:
            snapshot = candidates.pop(0)
            tried.append(snapshot)
            try:
                reader = await self._snapshots.open(snapshot)
                report = await self._restore(reader)
            except (SnapshotError, NotFound) as e:
                self._log.warning("snapshot %s can't be used: %s", snapshot, e)
                fallback = fallback or str(e)
                if len(tried) == 1:
                    candidates = [c for c in await self._snapshots.candidates(None) if c != snapshot]
                continue
            self.base = reader.manifest
            report.update(at=time.time(), seconds=time.monotonic() - began, snapshot_at=reader.manifest.created)
            if fallback:
                report["fallback"] = fallback
            return report
        raise none_left(tried)

    async def _restore(self, reader: SnapshotReader) -> JsonDict:
        body = reader.manifest.body
        journal, broken = await self._snapshots.journal_after(reader.manifest)
        logs, layout = logs_of(body["redo"], journal, self._output_limit)
        layout = layout or {
            "kernels": {k: {"name": e["name"], "path": e["path"]} for k, e in body["kernels"].items()},
            "sessions": body["sessions"],
            "terminals": body["terminals"],
        }
        copied = body["server"].get("copied") or {}
        shared = bool(copied) and shares_home(self._home, str(copied.get("session")))
        files = self._workspace.share(body["files"]) if shared else self._workspace.restore(reader, body["files"])
        problems = await files
        loads = await self._load_kernels(reader, body["kernels"], layout, logs)
        for row in layout["sessions"]:
            await self._kernels.save_row(row)
        terminals = reopen(self._terminals, layout["terminals"], self._kernels.moved(reader), self._log)
        rows = await self._resubmit(loads, layout, body["kernels"], logs, copied=bool(copied))
        self._login.adopt(body["server"].get("login") or {})
        report: JsonDict = {
            "snapshot": reader.manifest.snapshot,
            "kernels": rows,
            "files": {"excluded": [*body["files"]["excluded"], *problems]},
            "terminals": [t for t in terminals if t["lost"]],
        }
        if copied:
            report["copied"] = {"at": copied.get("at"), "shared": shared}
        if broken:
            report["journal"] = broken
        return report

    async def _load_kernels(
        self, reader: SnapshotReader, entries: JsonDict, layout: JsonDict, logs: dict[str, Any]
    ) -> dict[str, JsonDict]:
        """Start and load every kernel of the layout; reports by kernel."""
        rows = {row["kernel"]: row for row in reversed(layout["sessions"])}

        async def one(kernel: str, about: JsonDict) -> JsonDict:
            await self._kernels.start(kernel, about, rows.get(kernel))
            restarted = kernel in logs and logs[kernel].restarted
            entry = entries.get(kernel, {}) if not restarted else {}
            return await self._kernels.load_or_fresh(kernel, entry, reader)

        for kernel in [str(k) for k in self._managers.list_kernel_ids()]:
            if kernel not in layout["kernels"]:
                await self._kernels.discard(kernel)
        results = await gather_named({k: one(k, about) for k, about in layout["kernels"].items()})
        for kernel, result in results.items():
            if isinstance(result, (SnapshotError, NotFound)):
                await self._discard_all(list(results))
                raise result
            if isinstance(result, BaseException):
                self._log.error("kernel %s was not restored", kernel, exc_info=result)
                results[kernel] = {"lost": [{"name": "all variables", "reason": str(result)}], "failed": True}
        return results

    async def _discard_all(self, kernels: list[str]) -> None:
        """A kernel that holds a part of an unreadable state is no start for an older one."""
        for kernel in kernels:
            await self._kernels.discard(kernel)

    async def _resubmit(
        self, loads: dict[str, JsonDict], layout: JsonDict, entries: JsonDict, logs: dict[str, Any], *, copied: bool
    ) -> list[JsonDict]:
        reports: dict[str, JsonDict] = {}
        notebooks = {row["kernel"]: row for row in reversed(layout["sessions"])}
        waits: list[Awaitable[None]] = []
        for kernel, load in loads.items():
            about = layout["kernels"][kernel]
            reports[kernel] = {
                "kernel": kernel,
                "path": about.get("path"),
                "rerun": [],
                "skipped": [],
                **_summary(load),
            }
            reports[kernel]["salvage"] = bool(entries.get(kernel, {}).get("salvage")) and not copied
            reports[kernel]["missing"] = await self._kernels.is_missing(notebooks.get(kernel))
            if copied:
                reports[kernel]["skipped"] = left_out(logs.get(kernel))
                waits.append(self._kernels.reseed(kernel))
            elif kernel in logs and kernel in self._managers:
                self._recorder.logs[kernel] = logs[kernel]
                waits.append(self._replay(kernel, reports[kernel], stateless=bool(load.get("failed"))))
        await asyncio.gather(*waits)
        return list(reports.values())

    async def _replay(self, kernel: str, report: JsonDict, *, stateless: bool) -> None:
        manager = self._managers.get_kernel(kernel)
        watch = self._watches.ensure(kernel, manager)
        run = Resubmission(kernel, manager, self._recorder, self._channels, self._mute, self._log)
        run.kernel_session = watch.kernel_session
        replay = asyncio.ensure_future(run.run(stateless=stateless))
        self.background.append(replay)
        under_way = asyncio.ensure_future(run.under_way.wait())
        await asyncio.wait({replay, under_way}, return_when=asyncio.FIRST_COMPLETED)
        if replay.done():
            replay.result()
        report.update(rerun=run.rerun, skipped=run.skipped)
        waiting = asyncio.ensure_future(run.muted_done())
        self.background.append(waiting)
        await asyncio.wait({waiting}, timeout=self._replay_wait)


def _summary(load: JsonDict) -> JsonDict:
    saved = load.get("saved", [])
    return {"saved": len(saved), "lost": load.get("lost", []), "changed": load.get("changed", [])}

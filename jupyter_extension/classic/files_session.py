"""A session of which only the files are kept: saved when they change, and once more when the machine goes away."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any, Dict

from jupyter_extension.errors import FencedOut, GatewayUnreachable, SnapshotFailed, WrongState
from jupyter_extension.lease import Lease
from jupyter_extension.link import Link, SessionInfo, first_answer, keys_of
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.settings import Settings
from jupyter_extension.workspace import Workspace, opened
from migrator.snapshot import Manifest, SnapshotError, SnapshotWriter, open_snapshot
from migrator.storage.errors import Fenced, StorageError

JsonDict = Dict[str, Any]
REPORT = "notebook 6: variables do not move, only files"


class FilesSession:
    """The session in a notebook 6 server; its states are those of docs/interfaces.md, section 6."""

    def __init__(self, link: Link, gateway_url: str, app: Any, settings: Settings) -> None:
        self._link, self._gateway_url, self._settings, self._log = link, gateway_url, settings, app.log
        self._kernels, self._root, self._base_url = app.kernel_manager, app.notebook_dir, app.base_url
        self._parts = ServerParts(
            app.kernel_manager, app.session_manager, app.web_app, app.base_url, app.notebook_dir,
            str(Path.home()), int(app.port), app.ip,
        )  # fmt: skip
        self.state = "running"
        self.notice: JsonDict | None = None
        self.report: JsonDict | None = None
        self._saved: JsonDict | None = None
        self._info: SessionInfo | None = None
        self._workspace: Workspace | None = None
        self._base: Manifest | None = None
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; the server is usable meanwhile."""
        self._tasks.append(asyncio.ensure_future(self._run()))

    async def _run(self) -> None:
        try:
            await self._begin()
        except FencedOut:
            await self.fenced()
        except Exception:  # noqa: BLE001 - logged; the user's server goes on
            self._log.exception("the session migrator stopped working: files are not saved any more")

    async def _begin(self) -> None:
        info = self._info = await first_answer(self._link, self._settings.retry_limit_s, self._unheard)
        self._workspace = await opened(info.id, self._root, self._parts.home, self._settings)
        if info.role == "standby":
            self.state = "standby"
        elif info.restore:
            await self.activate(info.snapshot)
        await asyncio.gather(self._lease(info).run(), self._save_changes())

    def _unheard(self, problem: str) -> None:
        self._log.warning("%s; trying again", problem)

    def _lease(self, info: SessionInfo) -> Lease:
        return Lease(
            self._link,
            epoch=info.epoch,
            lease_s=info.lease_s,
            interval_s=self._settings.alive_interval_s,
            describe=self._describe,
            lost=self._hold,
            found=self.thaw,
            fenced=self.fenced,
            log=self._log,
        )

    def _describe(self) -> JsonDict:
        address = self._parts.address(self._gateway_url)
        return {"address": address, "server": self._base_url, "state": self.state, "pages": 0}

    async def _save_changes(self) -> None:
        while self.state != "fenced":
            await asyncio.sleep(self._settings.files_interval_s)
            try:
                if self.state == "running" and await self._need()[1].differs():
                    await self.save()
            except SnapshotFailed as e:
                self._log.warning("%s", e)

    def _need(self) -> tuple[SessionInfo, Workspace]:
        if self._info is None or self._workspace is None:
            raise WrongState("the gateway has not answered yet; try again in a moment")
        return self._info, self._workspace

    async def save(self) -> str:
        """A durable snapshot of the files. Raises FencedOut, SnapshotFailed: then the last one stands."""
        info, workspace = self._need()
        async with self._lock:
            writer = SnapshotWriter(
                self._link.store(info.id), keys_of(info), info.id, epoch=info.epoch, base=self._base
            )
            try:
                body = {"kernels": {}, "sessions": [], "terminals": [], "redo": [], "server": {"at": time.time()}}
                body["files"] = await workspace.save(writer, self._base)
                body["journal"] = {"epoch": info.epoch, "seq": 0}
                manifest = self._base = await writer.commit(body)
                await self._link.durable(manifest.snapshot, manifest.state_bytes, [])
            except Fenced as e:
                raise FencedOut(f"the session belongs to epoch {e.epoch} now") from e
            except (StorageError, SnapshotError, GatewayUnreachable, OSError) as e:
                raise SnapshotFailed(f"the files could not be stored: {e}") from e
        self._saved = {"snapshot": manifest.snapshot, "at": time.time(), "bytes_state": manifest.state_bytes}
        return manifest.snapshot

    async def freeze(self, deadline: float | None) -> str:
        """Kernels stand still, so that no file changes; the last snapshot's id."""
        if self.state not in ("running", "frozen"):
            raise WrongState(f"the session is {self.state}: it can't be frozen")
        await self._signal(signal.SIGSTOP)
        self.state = "frozen"
        left = max(1.0, deadline - time.time()) if deadline else None
        try:
            return await asyncio.wait_for(self.save(), left)
        except (SnapshotFailed, asyncio.TimeoutError):
            if self._base is None:
                await self.thaw()
                raise SnapshotFailed("nothing was ever saved of this session") from None
            return self._base.snapshot

    async def thaw(self) -> None:
        """Go on."""
        if self.state == "frozen":
            self.state = "running"
            await self._signal(signal.SIGCONT)

    async def activate(self, snapshot: str | None) -> JsonDict:
        """Put the files back and become the live session."""
        info, workspace = self._need()
        if self.report is None:
            report: JsonDict = {"at": time.time(), "kernels": [], "fallback": REPORT}
            if snapshot:
                self.state = "restoring"
                reader = await open_snapshot(self._link.store(info.id), keys_of(info), info.id, snapshot)
                problems = await workspace.restore(reader, reader.manifest.body["files"])
                report.update(snapshot=snapshot, files={"excluded": problems})
            self.report, self.state = report, "running"
        return self.report

    async def fenced(self) -> None:
        """Another pod owns the session: stop for good."""
        self.state = "fenced"
        await self._signal(signal.SIGCONT)
        await _maybe(self._kernels.shutdown_all())

    async def _hold(self) -> None:
        if self.state == "running":
            self.state = "frozen"
            await self._signal(signal.SIGSTOP)

    async def _signal(self, number: signal.Signals) -> None:
        for kernel in self._kernels.list_kernel_ids():
            await _maybe(self._kernels.get_kernel(kernel).signal_kernel(number))

    def status(self) -> JsonDict:
        """For the controller."""
        return {
            "enabled": True,
            "session": self._info.id if self._info else "",
            "state": self.state,
            "saved": self._saved,
            "notice": self.notice,
            "report": self.report,
            "problem": REPORT,
        }


async def _maybe(result: Any) -> None:
    """Older kernel managers answer at once, newer ones with a coroutine."""
    if asyncio.iscoroutine(result) or asyncio.isfuture(result):
        await result

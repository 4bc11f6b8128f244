"""Starts kernels under their former ids and loads their state."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import PurePosixPath
from typing import Any, Dict

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_core.utils import ensure_async

from jupyter_extension.agents import ATTACH_LIMIT_S, START_LIMIT_S, Agents
from jupyter_extension.kernel_client import attach
from jupyter_extension.record.connection import prime_kernel_info
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.record.watch import Watches
from jupyter_extension.restore.copied import reseed
from jupyter_extension.restore.relocate import moved_roots, relocate_kernel
from migrator.snapshot import SnapshotError, SnapshotReader
from migrator.storage.errors import StorageError

JsonDict = Dict[str, Any]
LOAD_LIMIT_S = 600.0


class Kernels:
    """The restorer's hands on the kernel manager."""

    def __init__(
        self,
        managers: Any,
        sessions: Any,
        agents: Agents,
        watches: Watches,
        recorder: Recorder,
        roots: dict[str, str],
        log: logging.Logger,
    ) -> None:
        self._managers, self._sessions, self._roots = managers, sessions, roots
        self._agents, self._watches, self._recorder, self._log = agents, watches, recorder, log

    def moved(self, reader: SnapshotReader) -> list[tuple[str, str]]:
        """The folders of the snapshot that are elsewhere here."""
        return moved_roots(reader.manifest.body["files"]["roots"], self._roots)

    async def start(self, kernel: str, about: JsonDict, row: JsonDict | None) -> None:
        """A fresh kernel of this id, as the server would start it for its notebook; a living one of the kind stays."""
        if kernel in self._managers:
            if self._managers.get_kernel(kernel).kernel_name == about["name"]:
                return
            await self.discard(kernel)
        options: JsonDict = {"kernel_id": kernel, "kernel_name": about["name"]}
        if row is not None:
            contents = self._sessions.contents_manager
            options["path"] = await ensure_async(contents.get_kernel_path(path=row["path"]))
            options["env"] = self._sessions.get_kernel_env(row["path"], row["name"])
        await asyncio.get_running_loop().run_in_executor(None, self._look_up, about["name"])
        attach.forget(f"{self._managers.connection_dir}/kernel-{kernel}.json")
        await ensure_async(self._managers.start_kernel(**options))
        manager = self._managers.get_kernel(kernel)
        prime_kernel_info(manager)
        self._watches.ensure(kernel, manager)

    def _look_up(self, name: str) -> None:
        """Find the kernel's kind, in a thread: the first look in a server imports IPython and reads folders for 50 ms and more.

        One that is not there is the start's affair, which says so.
        """
        with contextlib.suppress(NoSuchKernel):
            self._managers.kernel_spec_manager.get_kernel_spec(name)

    async def discard(self, kernel: str) -> None:
        """End a kernel that was started in vain."""
        self._watches.drop(kernel)
        await self._agents.drop(kernel)
        if kernel in self._managers:
            await ensure_async(self._managers.shutdown_kernel(kernel, now=True))

    async def warm(self, kernel: str, about: JsonDict, row: JsonDict | None) -> None:
        """Start it ahead, with our agent in it; nothing of the user's runs yet."""
        await self.start(kernel, about, row)
        await self._agents.get(kernel)

    async def load(self, kernel: str, entry: JsonDict, reader: SnapshotReader) -> JsonDict:
        """Load the state: the agent's report. Raises what makes the snapshot unusable; any other fault becomes a report."""
        from jupyter_extension.kernel_client import KernelEntry, load_kernel  # noqa: PLC0415 - needed with the first kernel only

        if not entry.get("parts"):
            return {"saved": [], "lost": []}
        try:
            agent = await self._agents.get(kernel, timeout=START_LIMIT_S + ATTACH_LIMIT_S / 2)
            report = await load_kernel(agent, reader, KernelEntry.from_json(entry), timeout=LOAD_LIMIT_S)
            for note in report.get("notes", []):
                self._log.info("kernel %s, within a library: %s", kernel, note)
            await relocate_kernel(agent, self.moved(reader), timeout=LOAD_LIMIT_S)
        except (SnapshotError, StorageError):
            raise
        except Exception as e:  # noqa: BLE001 - one kernel's fault must not keep the others from the user
            self._log.warning("kernel %s was not loaded: %r", kernel, e)
            return {
                "saved": [],
                "lost": [{"name": "all variables", "reason": str(e) or type(e).__name__}],
                "failed": True,
            }
        return report

    async def reseed(self, kernel: str) -> None:
        """See `copied.reseed`; a kernel that cannot be is told in the log."""
        if kernel in self._managers and (agent := self._agents.known(kernel)) is not None:
            try:
                await reseed(agent, timeout=LOAD_LIMIT_S)
            except Exception as e:  # noqa: BLE001 - what the kernel or its agent raises
                self._log.warning("kernel %s draws the same chances as the one that it is a copy of: %r", kernel, e)

    async def load_or_fresh(self, kernel: str, entry: JsonDict, reader: SnapshotReader) -> JsonDict:
        """As `load`; a kernel that took a part of its state only is replaced by a fresh one."""
        report = await self.load(kernel, entry, reader)
        if report.get("failed"):
            await self._restart(kernel)
        return report

    async def _restart(self, kernel: str) -> None:
        manager = self._managers.get_kernel(kernel)
        await self._agents.drop(kernel)
        await ensure_async(manager.restart_kernel(now=True))
        self._watches.ensure(kernel, manager)
        prime_kernel_info(manager)

    async def renew(self, kernel: str, entry: JsonDict, row: JsonDict | None, reader: SnapshotReader) -> JsonDict:
        """Put a living kernel back to a state: the same id, a new process, the report of the load."""
        await self._restart(kernel)
        self._recorder.apply(kernel, "restart")
        return await self.load(kernel, entry, reader)

    async def save_row(self, row: JsonDict) -> None:
        """The session's row under its former id, if it isn't there."""
        known = {r["id"] for r in await self._sessions.list_sessions()}
        if row["id"] not in known and row["kernel"] in self._managers:
            await self._sessions.save_session(
                row["id"], path=row["path"], name=row["name"], type=row["type"], kernel_id=row["kernel"]
            )
            await self._lead_room(row)

    async def is_missing(self, row: JsonDict | None) -> bool:
        """Whether it is a notebook's, and the notebook was deleted while its kernel lived."""
        if row is None or row["type"] != "notebook":
            return False
        for path in {row["path"], row["path"].partition(":")[2]}:  # a page may name a drive of its own before it
            if path and await ensure_async(self._sessions.contents_manager.file_exists(path)):
                return False
        self._log.warning("the kernel of %s came back; the notebook was deleted before, and is not there", row["path"])
        return True

    async def _lead_room(self, row: JsonDict) -> None:
        """jupyter-server-documents runs cells by itself, and leads a notebook to its kernel only where it creates the session."""
        join = getattr(self._sessions, "_init_session_yroom", None)
        if join is None or row["type"] != "notebook":
            return
        try:
            room = join(row["id"], str(PurePosixPath(row["path"]).parent / row["name"]))
            await room.connect_kernel(self._managers.get_kernel(row["kernel"]))
        except Exception as e:  # noqa: BLE001 - another extension's own parts; without them its user can restart the kernel
            self._log.warning("the document %s is not led to its kernel: %r", row["path"], e)


async def gather_named(jobs: dict[str, Any]) -> dict[str, Any]:
    """Await many by name; results or exceptions, none lost."""
    results: list[Any] = await asyncio.gather(*jobs.values(), return_exceptions=True)
    return dict(zip(jobs, results))

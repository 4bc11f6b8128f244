"""The session as it lives in this server: its roles in turn (owner, standby, restored, fenced), and what each call means."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from jupyter_extension import going_back
from jupyter_extension.activity import Activity
from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.contact import Contact
from jupyter_extension.errors import ExtensionError, FencedOut, WrongState
from jupyter_extension.feed import Feed
from jupyter_extension.forgotten import end_if_forgotten
from jupyter_extension.gate import Gate
from jupyter_extension.link import Link
from jupyter_extension.login import Login
from jupyter_extension.machinery import Ears, Machinery, assemble
from jupyter_extension.memory import MemoryWatch
from jupyter_extension.ownership import Ownership
from jupyter_extension.record.messages import JsonDict
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.settings import Settings
from jupyter_extension.status import Status
from jupyter_extension.tasks import Tasks
from jupyter_extension.transfer.uploads import Uploads
from jupyter_extension.wishes import Wishes
from migrator.snapshot import SnapshotError
from migrator.storage.errors import StorageError


class LiveSession:
    """Made when the server loads us; `start` runs when its loop does."""

    def __init__(
        self, link: Link, parts: ServerParts, settings: Settings, connection_class: Any, log: logging.Logger
    ) -> None:
        self.log, self._link, self.parts, self._settings = log, link, parts, settings
        self.feed = Feed(log)
        self.status = Status(self.feed)
        self.agents = Agents(parts.managers, log)
        self.layout = Layout(parts.managers, parts.sessions, lambda: parts.terminals)
        self._tasks = Tasks(self.status, self.fenced, log)
        recorder = Recorder(None, output_limit=settings.output_limit, log=log)
        recorder.on_activity = self._activity
        self.gate = Gate(parts, self.status, recorder, self.agents, self._tasks, connection_class, log)
        self.machinery: Machinery | None = None
        self.gateway_url = self.member = ""
        self.activity: Activity | None = None
        self.uploads = Uploads(settings.transfer_limit)
        self.wishes = Wishes(link, self.status, parts.home, log)
        self._login: Login | None = None
        self._standby_task: asyncio.Task[Any] | None = None
        self._activation: asyncio.Task[JsonDict] | None = None
        self._end: asyncio.Task[Any] | None = None
        self._contact = Contact(link, self.status, settings, log)

    def _activity(self, kernel: str, what: str) -> None:
        if self.machinery is not None:
            self.machinery.checkpointer.activity(kernel, what)

    # --- the life of the session ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin; the server is usable meanwhile, whatever the gateway does."""
        self._tasks.spawn("session", self._begin())

    async def _begin(self) -> None:
        info = await self._contact.first()
        self.status.session = info.id
        machinery = await assemble(info, self._link, self.parts, self._settings, self._ears(), self.log)
        machinery.pump.on_fenced = self._journal_fenced
        self.machinery = machinery
        if info.role == "standby":
            self.status.enter("standby")
            self._standby_task = self._tasks.spawn("standby", machinery.standby.run())
        elif info.restore:
            await self.activate(info.snapshot)
        else:
            self._own(machinery)
        if self._link.leased:
            lease = self._contact.lease(info, machinery.freezer, self._describe, self.fenced, self._told)
            self._tasks.spawn("lease", lease.run())

    def _ears(self) -> Ears:
        self._login = Login(self.parts.web_app, self._settings.hub_login_s, self.member)
        return Ears(self.gate, self.agents, self.layout, self._login, self.status)

    def _told(self, answer: dict[str, Any]) -> None:
        """What the gateway says beside the lease: who logged out at a hub. Connections that are open show who they are anew."""
        if self._login is not None and self._login.end(answer.get("logouts") or ()):
            self.log.info("somebody logged out at a hub: pages log in anew")
            self.gate.close_pages()
            self.feed.close()

    def _journal_fenced(self, epoch: int) -> None:
        self.log.warning("the journal belongs to epoch %d now", epoch)
        self._tasks.spawn("fence", self.fenced())

    def _own(self, machinery: Machinery) -> None:
        Ownership(machinery, self.gate, self.layout, self.parts, self._tasks).begin()
        self._tasks.spawn("memory", MemoryWatch(self.status, self._save_soon, share=self._settings.memory_share).run())
        if self._link.leased:
            self._tasks.spawn("offers", self.wishes.learn())

    def ready(self) -> Machinery:
        """The parts that work for the session. Raises WrongState before the gateway's first answer."""
        if self.machinery is None:
            raise WrongState("the gateway has not answered yet; try again in a moment")
        return self.machinery

    def _describe(self) -> dict[str, Any]:
        address = self.parts.address(self.gateway_url)
        return {"address": address, "server": self.parts.base_url, "state": self.status.state, "pages": len(self.feed)}

    # --- what page and controller ask for -------------------------------------------------------------------------

    async def save_now(self) -> str:
        """A snapshot's id, when it is durable."""
        if self.status.state != "running":
            raise WrongState(f"the session is {self.status.state}: nothing is saved now")
        return (await self.ready().checkpointer.now()).manifest.snapshot

    async def copy(self) -> JsonDict:
        """A second session like this one, from a snapshot that is taken for it: `{"copy"}`."""
        await self.save_now()
        return await self.wishes.copy()

    def notice(self, cause: str, deadline: float | None) -> None:
        """Tell the pages and begin to save, so that the last snapshot is small."""
        self.status.warn(cause, deadline)
        self._save_soon()

    def _save_soon(self) -> None:
        if self.status.state == "running" and self.machinery is not None:
            self._tasks.spawn("save at notice", self._save_at_notice())

    async def _save_at_notice(self) -> None:
        try:
            await self.save_now()
        except FencedOut:
            raise
        except ExtensionError as e:
            self.log.warning("%s", e)

    async def freeze(self, deadline: float | None) -> str | None:
        """See `Freezer.freeze`."""
        self._contact.held = False
        try:
            return await self.ready().freezer.freeze(deadline)
        except FencedOut:
            await self.fenced()
            raise

    async def thaw(self) -> None:
        """See `Freezer.thaw`."""
        await self.ready().freezer.thaw()

    async def activate(self, snapshot: str | None) -> JsonDict:
        """A standby takes over (or a restarted server its own session): the report; a second call waits for the first."""
        if self._activation is None or (self._activation.done() and self._activation.exception()):
            if self.status.state not in ("standby", "running"):
                raise WrongState(f"the session is {self.status.state}: it can't be taken over here")
            if self.status.state == "running" and self.gate.recorder.pump is not None:
                raise WrongState("the session runs here already, and was not restored: there is nothing to take over")
            self._activation = asyncio.ensure_future(self._activate(snapshot))
        return await asyncio.shield(self._activation)

    async def _activate(self, snapshot: str | None) -> JsonDict:
        machinery = self.ready()
        self.status.enter("restoring", tell="report")
        if self._standby_task is not None:
            self._standby_task.cancel()
            await asyncio.wait({self._standby_task})
        machinery.cache.settle()
        try:
            info = await self._link.session()
            if info.role != "owner" or info.epoch != machinery.info.epoch:
                raise WrongState("the session has not been handed over to this server")
            snapshot = snapshot or info.snapshot
            self._told({"logouts": info.logouts})
            report = await machinery.restorer.restore(snapshot)
        except (ExtensionError, SnapshotError, StorageError, OSError):
            self.status.enter("standby")
            raise
        machinery.checkpointer.capture.base = machinery.restorer.base
        self.status.enter("running")
        self.status.restored(report)
        self._own(machinery)
        self.gate.forward_held()
        self._tasks.spawn("pack cache", machinery.cache.drop())
        return report

    async def fenced(self, *, way_is_open: bool = False) -> None:
        """Another pod owns the session: stop for good. `way_is_open`: see `Status.fence`."""
        if self.machinery is not None:
            await self.machinery.pump.close()
            await self.machinery.stopper.stop(way_is_open=way_is_open)
        else:
            self.status.fence(way_is_open=way_is_open)
        if self._end is None and self._link.leased:
            self._end = self._tasks.spawn("end", end_if_forgotten(self._settings.fenced_end_s, self.log))

    async def snapshots(self) -> list[JsonDict]:
        """See `going_back.kept`."""
        return await going_back.kept(self.ready(), self._settings.keep_snapshots)

    async def undo(self, kernel: str, snapshot: str, *, salvage: bool) -> JsonDict:
        """See `going_back.undo`."""
        if self.status.state != "running":
            raise WrongState(f"the session is {self.status.state}: nothing can be put back now")
        return await going_back.undo(self.ready(), self.layout, self.gate.mute, kernel, snapshot, salvage=salvage)

    async def stop(self) -> None:
        """The server is told to stop: a last snapshot within its limit, and the pages know."""
        farewell = asyncio.ensure_future(self._contact.farewell(self._describe()))
        try:
            if self.machinery is not None and self.status.state == "running" and self.gate.recorder.pump is not None:
                await self.machinery.freezer.freeze(time.time() + self._settings.stop_limit_s)
        except ExtensionError as e:
            self.log.warning("no last snapshot: %s", e)
        await farewell
        self.uploads.close()
        await self._tasks.cancel()
        await self._let_go()

    async def _let_go(self) -> None:
        self.gate.watches.close()
        if self.machinery is not None:
            await self.machinery.pump.close()
            if self.status.state in ("freezing", "frozen", "fenced"):
                await self.machinery.stopper.stop()
            await self.machinery.cache.close()
        await self.agents.close()
        self._link.close()

"""The session as it lives in this server: its roles in turn (owner, standby, restored, fenced), and what each call means."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from jupyter_extension.activity import Activity
from jupyter_extension.agents import Agents, NoAgent
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.errors import ExtensionError, FencedOut, WrongState
from jupyter_extension.feed import Feed
from jupyter_extension.lease import Lease
from jupyter_extension.link import Link, SessionInfo
from jupyter_extension.login import Login
from jupyter_extension.machinery import Ears, Machinery, assemble
from jupyter_extension.record.channels import PageChannels
from jupyter_extension.record.messages import JsonDict, to_wire
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.record.watch import Watches
from jupyter_extension.restore.mute import Mute
from jupyter_extension.restore.snapshots import row_of
from jupyter_extension.restore.terminals import CLOSED_TO_MOVE, let_go_of_pages
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.settings import Settings
from jupyter_extension.status import Status
from jupyter_extension.transfer.uploads import Uploads
from migrator.snapshot import SnapshotError
from migrator.storage.errors import StorageError

FIRST_RETRY_S = 0.5
LAYOUT_LOOK_S = 1.0
LET_IN_S = 3.0  # how long a new kernel's first cell may wait for the agent to get in before it
HELD_CHANNELS = frozenset({"shell", "stdin"})


class LiveSession:
    """Made when the server loads us; `start` runs when its loop does."""

    def __init__(
        self, link: Link, parts: ServerParts, settings: Settings, connection_class: Any, log: logging.Logger
    ) -> None:
        self.log, self._link, self.parts, self._settings = log, link, parts, settings
        self.feed = Feed(log)
        self.status = Status(self.feed)
        self.recorder = Recorder(None, output_limit=settings.output_limit, log=log)
        self.recorder.on_activity = self._activity
        self.watches = Watches(self.recorder)
        self.mute = Mute(self._split, self._answer_input, log)
        self.channels = PageChannels(parts.managers, connection_class, self.mute.passes)
        self.agents = Agents(parts.managers, log)
        self.layout = Layout(parts.managers, parts.sessions, lambda: parts.terminals)
        self.login = Login(parts.web_app)
        self.machinery: Machinery | None = None
        self.gateway_url = ""
        self.activity: Activity | None = None
        self.uploads = Uploads(settings.transfer_limit)
        self._held: list[tuple[str, str, JsonDict]] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._standby_task: asyncio.Task[Any] | None = None
        self._activation: asyncio.Task[JsonDict] | None = None
        self._held_by_lease = False
        self._last_layout: JsonDict = {}
        self._let_in_until: dict[str, float] = {}
        self.mute.on_asked = self._asked_again
        self.mute.on_had = lambda k, page, frames: self.recorder.outgoing(k, page, "iopub", self._split(k, frames))
        self.mute.on_lapsed = lambda k, page, frames: self.channels.deliver(k, page, "iopub", frames)

    # --- the hooks of the kernels' websockets -------------------------------------------------------------------

    def kernel_seen(self, kernel: str, manager: Any) -> None:
        """See `record.connection.Hooks`."""
        self.watches.ensure(kernel, manager)
        if kernel not in self._let_in_until:
            self._let_in_until[kernel] = time.monotonic() + LET_IN_S
            self._spawn("agent", self._let_in(kernel))

    def holds(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """See `record.connection.Hooks`."""
        if msg["channel"] not in HELD_CHANNELS:
            return False
        waiting_before_it = any(k == kernel and c == client for k, c, _ in self._held)
        if not waiting_before_it and not self._must_wait(kernel, client, msg):
            if msg["channel"] == "stdin":
                self.mute.replied(kernel)
            return False
        self._held.append((kernel, client, msg))
        return True

    def _must_wait(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """While frozen; for a moment while the agent gets into a new kernel; an answer to a question not yet asked again."""
        if self.status.state != "running" or time.monotonic() < self._let_in_until.get(kernel, 0):
            return True
        return msg["channel"] == "stdin" and self.mute.awaits(kernel)

    def passes(self, kernel: str, client: str, channel: str, frames: list[Any]) -> bool:
        """See `record.connection.Hooks`."""
        return self.mute.passes(kernel, client, channel, frames)

    def _split(self, kernel: str, frames: list[Any]) -> list[Any]:
        return list(self.parts.managers.get_kernel(kernel).session.feed_identities(frames)[1])

    def _answer_input(self, kernel: str, client: str, parent: JsonDict, content: JsonDict) -> None:
        """Give a cell that runs again the answer that the user gave it before."""
        manager = self.parts.managers.get_kernel(kernel)
        stdin = self.channels.channels(kernel, client)["stdin"]
        manager.session.send(stdin, "input_reply", content, parent=parent)

    def _asked_again(self, kernel: str, msg_id: str, question: str) -> None:
        """A cell that runs again has asked what stands in a box on the page; its answer may go to the kernel now."""
        self.recorder.apply(kernel, "asked", msg_id=msg_id, id=question)
        self._forward_held()

    def _forward_held(self) -> None:
        """Send on what waited, in its order."""
        held, self._held = self._held, []
        for kernel, client, msg in held:
            if self.holds(kernel, client, msg):
                continue
            if kernel in self.parts.managers:
                manager = self.parts.managers.get_kernel(kernel)
                stream = self.channels.channels(kernel, client)[msg["channel"]]
                if msg["channel"] == "stdin":
                    self.recorder.answered(kernel, client, msg)
                manager.session.send(stream, to_wire(msg))

    def _activity(self, kernel: str, what: str) -> None:
        if self.machinery is not None:
            self.machinery.checkpointer.activity(kernel, what)

    def _close_pages(self) -> None:
        """Close the websockets: a page keeps what it wants to send until it is connected again, here or elsewhere."""
        for connection in self.channels.connections():
            connection.websocket_handler.close(CLOSED_TO_MOVE, "the session is being moved")
        for terminal in (getattr(self.parts.terminals, "terminals", None) or {}).values():
            let_go_of_pages(terminal)

    # --- the life of the session ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin; the server is usable meanwhile, whatever the gateway does."""
        self._tasks.append(asyncio.ensure_future(self._guarded("session", self._begin())))

    async def _guarded(self, name: str, work: Any) -> None:
        """Run one of our tasks; its end must not be silent, and must not touch the server."""
        try:
            await work
        except FencedOut as e:
            self.log.warning("%s: %s", name, e)
            await self.fenced()
        except asyncio.CancelledError:
            raise
        except Exception:
            self.log.exception("the session migrator's %s stopped working", name)
            self.status.failed(f"saving has stopped: {name} failed; the server's log says why")

    async def _begin(self) -> None:
        info = await self._first_contact()
        self.status.session = info.id
        ears = Ears(
            self.recorder, self.watches, self.channels, self.mute, self.agents, self.layout, self.login, self.status
        )
        machinery = await assemble(
            info, self._link, self.parts, self._settings, ears, self._close_pages, self._forward_held, self.log
        )
        machinery.pump.on_fenced = self._journal_fenced
        self.machinery = machinery
        if info.role == "standby":
            self.status.enter("standby")
            self._standby_task = self._spawn("standby", machinery.standby.run())
        elif info.restore:
            await self.activate(info.snapshot)
        else:
            self._own()
        if self._link.leased:
            self._spawn("lease", self._lease(info).run())

    def _journal_fenced(self, epoch: int) -> None:
        self.log.warning("the journal belongs to epoch %d now", epoch)
        self._spawn("fence", self.fenced())

    async def _first_contact(self) -> SessionInfo:
        pause = FIRST_RETRY_S
        while True:
            try:
                return await self._link.session()
            except FencedOut:
                raise
            except ExtensionError as e:
                self.log.warning("%s; trying again in %.1f s", e, pause)
                self.status.failed(str(e))
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._settings.retry_limit_s)

    def _spawn(self, name: str, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(self._guarded(name, work))
        self._tasks.append(task)
        return task

    def _own(self) -> None:
        """From here on what happens is recorded in the journal and saved."""
        machinery = self.ready()
        for redo in self.recorder.logs.values():
            for entry in redo.entries(set()):
                machinery.pump.put(entry)
        self.recorder.pump = machinery.pump
        self._spawn("journal", machinery.pump.run())
        for kernel in self.layout.kernels():
            machinery.checkpointer.activity(kernel, "restarted")
        self._spawn("checkpointer", machinery.checkpointer.run())
        self._spawn("layout", self._follow_layout())

    async def _follow_layout(self) -> None:
        """Journal what is opened and closed, and let the agent into each new kernel before its first cell."""
        machinery = self.ready()
        while True:
            layout = await self.layout.read()
            if layout != self._last_layout:
                machinery.pump.put({"type": "layout", "kernel": "", "layout": layout})
                self._note_kernels(set(self._last_layout.get("kernels", {})), set(layout["kernels"]))
                self._last_layout = layout
            await asyncio.sleep(LAYOUT_LOOK_S)

    def _note_kernels(self, before: set[str], now: set[str]) -> None:
        for kernel in before - now:
            self._activity(kernel, "gone")
            self.watches.drop(kernel)
            self.recorder.forget(kernel)
            self.channels.forget(kernel)
            self.mute.forget(kernel)
            self._let_in_until.pop(kernel, None)
        for kernel in now - before:
            self.kernel_seen(kernel, self.parts.managers.get_kernel(kernel))
            self._activity(kernel, "done")

    async def _let_in(self, kernel: str) -> None:
        began = time.monotonic()
        try:
            await self.agents.get(kernel, timeout=LET_IN_S)
            self.log.info("the agent is in kernel %s after %.2f s", kernel, time.monotonic() - began)
        except NoAgent as e:
            self.log.info("kernel %s: %s", kernel, e)
        finally:
            self._let_in_until[kernel] = 0.0
            self._forward_held()

    def ready(self) -> Machinery:
        """The parts that work for the session. Raises WrongState before the gateway's first answer."""
        if self.machinery is None:
            raise WrongState("the gateway has not answered yet; try again in a moment")
        return self.machinery

    def _lease(self, info: SessionInfo) -> Lease:
        return Lease(
            self._link,
            epoch=info.epoch,
            lease_s=info.lease_s,
            interval_s=self._settings.alive_interval_s,
            describe=self._describe,
            lost=self._lease_lost,
            found=self._lease_found,
            fenced=self.fenced,
            log=self.log,
        )

    def _describe(self) -> dict[str, Any]:
        address = self.parts.address(self.gateway_url)
        return {"address": address, "server": self.parts.base_url, "state": self.status.state, "pages": len(self.feed)}

    async def _lease_lost(self) -> None:
        if self.status.state == "running":
            self._held_by_lease = True
            await self.ready().freezer.hold()

    async def _lease_found(self) -> None:
        if self._held_by_lease and self.status.state == "frozen":
            self._held_by_lease = False
            await self.ready().freezer.thaw()

    # --- what page and controller ask for -------------------------------------------------------------------------

    async def save_now(self) -> str:
        """A snapshot's id, when it is durable."""
        if self.status.state != "running":
            raise WrongState(f"the session is {self.status.state}: nothing is saved now")
        return (await self.ready().checkpointer.now()).manifest.snapshot

    def notice(self, cause: str, deadline: float | None) -> None:
        """Tell the pages and begin to save, so that the last snapshot is small."""
        self.status.warn(cause, deadline)
        if self.status.state == "running" and self.machinery is not None:
            self._spawn("save at notice", self._save_at_notice())

    async def _save_at_notice(self) -> None:
        try:
            await self.save_now()
        except FencedOut:
            raise
        except ExtensionError as e:
            self.log.warning("%s", e)

    async def freeze(self, deadline: float | None) -> str | None:
        """See `Freezer.freeze`."""
        self._held_by_lease = False
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
            if self.status.state == "running" and self.recorder.pump is not None:
                raise WrongState("the session runs here already, and was not restored: there is nothing to take over")
            self._activation = asyncio.ensure_future(self._activate(snapshot))
        return await asyncio.shield(self._activation)

    async def _activate(self, snapshot: str | None) -> JsonDict:
        machinery = self.ready()
        self.status.enter("restoring", tell="report")
        if self._standby_task is not None:
            self._standby_task.cancel()
            await asyncio.wait({self._standby_task})
        try:
            info = await self._link.session()
            if info.role != "owner" or info.epoch != machinery.info.epoch:
                raise WrongState("the session has not been handed over to this server")
            snapshot = snapshot or info.snapshot
            report = await machinery.restorer.restore(snapshot)
        except (ExtensionError, SnapshotError, StorageError, OSError):
            self.status.enter("standby")
            raise
        machinery.checkpointer.capture.base = machinery.restorer.base
        self.status.enter("running")
        self.status.restored(report)
        self._own()
        self._forward_held()
        self._spawn("pack cache", machinery.cache.drop())
        return report

    async def fenced(self) -> None:
        """Another pod owns the session: stop for good."""
        if self.machinery is not None:
            await self.machinery.pump.close()
            await self.machinery.stopper.stop()
        elif self.status.state != "fenced":
            self.status.enter("fenced", tell="moved")

    async def snapshots(self) -> list[JsonDict]:
        """The kept checkpoints, newest first, as the page shows them."""
        manifests = await self.ready().snapshots.manifests()
        return [row_of(m) for m in manifests[: self._settings.keep_snapshots]]

    async def undo(self, kernel: str, snapshot: str, *, salvage: bool) -> JsonDict:
        """Put a kernel back to a checkpoint: the load's report. It is durable when this returns."""
        if self.status.state != "running":
            raise WrongState(f"the session is {self.status.state}: nothing can be put back now")
        machinery = self.ready()
        reader = await machinery.snapshots.open(snapshot)
        entry = reader.manifest.body["kernels"].get(kernel)
        if entry is None or (salvage and not entry.get("salvage")):
            raise WrongState("this checkpoint does not hold that state of the kernel")
        rows = {r["kernel"]: r for r in (await self.layout.read())["sessions"]}
        self.mute.forget(kernel)
        entry = entry["salvage"] if salvage else entry
        report = await machinery.kernels.renew(kernel, entry, rows.get(kernel), reader)
        await machinery.checkpointer.now()
        return report

    async def stop(self) -> None:
        """The server is told to stop: a last snapshot within its limit, and the pages know."""
        try:
            if self.machinery is not None and self.status.state == "running" and self.recorder.pump is not None:
                await self.machinery.freezer.freeze(time.time() + self._settings.stop_limit_s)
        except ExtensionError as e:
            self.log.warning("no last snapshot: %s", e)
        self.uploads.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._let_go()

    async def _let_go(self) -> None:
        self.watches.close()
        if self.machinery is not None:
            await self.machinery.pump.close()
            if self.status.state in ("frozen", "fenced"):
                await self.machinery.stopper.stop()
            await self.machinery.cache.close()
        await self.agents.close()
        self._link.close()

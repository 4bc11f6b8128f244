"""Runs the redo log in the restored kernel, on the channels of the pages that asked, and tells each page what it missed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from jupyter_extension.record.channels import PageChannels
from jupyter_extension.record.messages import JsonDict, buffers_of, to_wire
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.record.redo_log import RedoLog
from jupyter_extension.record.request import Request
from jupyter_extension.restore.mute import Mute
from jupyter_extension.restore.plan import ABORT, DELIVER, MUTED, RUN, SKIP, Step, steps_of

SETTLE_S = 0.3  # a SUB socket's subscription needs a moment to reach the kernel
ORDER_WAIT_S = 600.0
SKIPPED = "This cell is marked no-rerun. It had begun before the session moved, and was not run again."


class Resubmission:
    """One kernel's redo log, once."""

    def __init__(
        self, kernel: str, manager: Any, recorder: Recorder, channels: PageChannels, mute: Mute, log: logging.Logger
    ) -> None:
        self._kernel, self._manager, self._recorder = kernel, manager, recorder
        self._channels, self._mute, self._log = channels, mute, log
        self.kernel_session: str | None = None
        self.rerun: list[JsonDict] = []
        self.skipped: list[JsonDict] = []
        self.steps: list[Step] = []
        self.under_way = asyncio.Event()
        """Set when all is sent, or when the rest has to wait for the end of another page's cell, which may take long."""

    async def run(self, *, stateless: bool = False) -> None:
        """Send everything in the order of arrival; a change of the page that asked waits for the one before to end.

        `stateless`: the variables are lost; nothing is run, and the page hears the end of what it waits for.
        """
        redo = self._recorder.log_of(self._kernel)
        redo.replaying = True
        try:
            await self._run(redo, stateless=stateless)
        finally:
            redo.replaying = False
            self.under_way.set()
            self._recorder.on_replayed()

    async def _run(self, redo: RedoLog, *, stateless: bool) -> None:
        self.steps = steps_of(redo, stateless=stateless)
        redo.forget_ends()
        if not self.steps:
            return
        for client in {s.request.client for s in self.steps}:
            self._channels.channels(self._kernel, client)
        await asyncio.sleep(SETTLE_S)
        subshells = await self._subshells()
        sent: Request | None = None
        for step in self.steps:
            if sent is not None and sent.client != step.request.client:
                self.under_way.set()
                await self._ended(sent.msg_id)
            if step.request.msg_id not in redo.requests:
                continue  # the kernel was restarted meanwhile: its past is void
            if self._take(step, subshells):
                sent = step.request

    def _take(self, step: Step, subshells: Any) -> bool:
        """One step; True if the kernel has something to do."""
        request = step.request
        if step.action in (MUTED, RUN):
            self._prepare(step)
            self._send(request, subshells)
        if step.action in (MUTED, SKIP, DELIVER):
            self._catch_up(request)
        if step.action == SKIP:
            self.skipped.append({"cell": request.cell, "reason": SKIPPED})
        if step.action in (SKIP, ABORT) and not step.had_ended:
            self._refuse(request, step.action)
        if step.action in (SKIP, ABORT, DELIVER):
            self._recorder.apply(self._kernel, "covered", msg_id=request.msg_id)
        return step.action in (MUTED, RUN)

    def _prepare(self, step: Step) -> None:
        request = step.request
        self._mute.expect(self._kernel, request.msg_id, request.inputs, box_is_open=bool(request.asking))
        if step.action == MUTED:
            self._mute.mute(self._kernel, request.msg_id)
            self._recorder.log_of(self._kernel).mute(request.msg_id)
        else:
            if request.started and request.is_cell and not request.asking:
                self._tell(request, "iopub", "clear_output", {"wait": False})
            self._recorder.apply(self._kernel, "again", msg_id=request.msg_id)
        if request.is_cell:
            self.rerun.append({"cell": request.cell, "execution_count": request.count})

    def _send(self, request: Request, subshells: Any) -> None:
        wire = to_wire(request.msg)
        if request.subshell is not None and request.subshell not in subshells:
            wire["header"] = {k: v for k, v in wire["header"].items() if k != "subshell_id"}
        shell = self._channels.channels(self._kernel, request.client)["shell"]
        self._manager.session.send(shell, wire, buffers=buffers_of(request.msg))

    async def _subshells(self) -> Any:
        """The subshells that the kernel has: a message for one that it lacks would be dropped without a word."""
        wanted = {s.request.subshell for s in self.steps} - {None}
        if not wanted:
            return wanted
        control = self._manager.connect_control()
        try:
            answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
            control.on_recv(lambda frames: None if answer.done() else answer.set_result(frames))
            self._manager.session.send(control, "list_subshell_request", {})
            frames = await asyncio.wait_for(answer, 5)
            _, parts = self._manager.session.feed_identities(frames)
            return set(self._manager.session.deserialize(parts)["content"].get("subshell_id") or ())
        except (asyncio.TimeoutError, ValueError, KeyError) as e:
            self._log.info("the kernel does not tell its subshells (%r): their messages go to the main shell", e)
            return set()
        finally:
            control.close()

    async def _ended(self, msg_id: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ORDER_WAIT_S
        redo = self._recorder.log_of(self._kernel)
        while msg_id in redo.requests and not redo.knows_end_of(msg_id) and loop.time() < deadline:  # noqa: ASYNC110 - the log is pure state
            await asyncio.sleep(0.02)

    async def muted_done(self) -> None:
        """Wait until what is run again unheard has ended."""
        for step in self.steps:
            if step.action == MUTED:
                await self._ended(step.request.msg_id)

    def _catch_up(self, request: Request) -> None:
        """What the page has not heard of a request that had ended: outputs, reply, the kernel's idle."""
        for msg in request.unseen:
            self._forward(request, msg)
        if not request.replied and (request.done or request.muted or request.covered):
            self._finish(request, _reply_of(request))

    def _refuse(self, request: Request, action: str) -> None:
        if action == SKIP:
            self._tell(request, "iopub", "stream", {"name": "stderr", "text": SKIPPED + "\n"})
        content = {"status": "aborted"}
        if action == SKIP:
            content = {"status": "error", "ename": "NotRunAgain", "evalue": SKIPPED, "traceback": []}  # type: ignore[dict-item]
        self._finish(request, content)

    def _finish(self, request: Request, content: dict[str, Any]) -> None:
        if request.is_cell:
            self._tell(request, "shell", "execute_reply", content)
        self._tell(request, "iopub", "status", {"execution_state": "idle"})

    def _tell(self, request: Request, channel: str, kind: str, content: dict[str, Any]) -> None:
        msg = self._manager.session.msg(kind, content, parent={"header": request.msg["header"]})
        self._deliver(request, channel, msg, [])

    def _forward(self, request: Request, msg: JsonDict) -> None:
        wire = to_wire(msg)
        self._deliver(request, "iopub", wire, buffers_of(msg))

    def _deliver(self, request: Request, channel: str, msg: dict[str, Any], buffers: list[bytes]) -> None:
        if self.kernel_session:
            msg["header"] = {**msg["header"], "session": self.kernel_session}
        frames = self._manager.session.serialize(msg, ident=[b"session-migrator"])
        self._channels.deliver(self._kernel, request.client, channel, [*frames, *buffers])


def _reply_of(request: Request) -> dict[str, Any]:
    """The reply that the page never got, as far as the outputs tell it: a kernel says of each cell that it runs it, and which number it has."""
    if request.count is None and not request.msg["content"].get("silent"):
        return {"status": "aborted"}
    for output in request.outputs.values():
        if output.msg["header"]["msg_type"] == "error":
            content = output.msg["content"]
            return {
                "status": "error",
                "execution_count": request.count,
                "payload": [],
                "user_expressions": {},
                **content,
            }
    return {"status": "ok", "execution_count": request.count, "payload": [], "user_expressions": {}}

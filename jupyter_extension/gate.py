"""Stands between pages and kernels: what a page sends waits here while it must not arrive, and what it has heard is kept from it."""

from __future__ import annotations

import logging
import time
from typing import Any

from jupyter_extension.agents import Agents, NoAgent
from jupyter_extension.record.channels import PageChannels
from jupyter_extension.record.messages import JsonDict, to_wire
from jupyter_extension.record.recorder import Recorder
from jupyter_extension.record.watch import Watches
from jupyter_extension.restore.mute import Mute
from jupyter_extension.restore.terminals import CLOSED_TO_MOVE, let_go_of_pages
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.status import Status
from jupyter_extension.tasks import Tasks

LET_IN_S = 3.0  # how long a new kernel's first cell may wait for the agent to get in before it
HELD_CHANNELS = frozenset({"shell", "stdin"})


class Gate:
    """The hooks of the kernels' websockets; see `record.connection.Hooks`."""

    def __init__(
        self,
        parts: ServerParts,
        status: Status,
        recorder: Recorder,
        agents: Agents,
        tasks: Tasks,
        connection_class: Any,
        log: logging.Logger,
    ) -> None:
        self.log, self.recorder = log, recorder
        recorder.on_replayed = self.forward_held
        self._parts, self._status, self._agents, self._tasks = parts, status, agents, tasks
        self.watches = Watches(recorder)
        self.mute = Mute(self._split, self._answer_input, log)
        self.mute.on_asked = self._asked_again
        self.mute.on_had = lambda k, page, frames: recorder.outgoing(k, page, "iopub", self._split(k, frames))
        self.mute.on_lapsed = lambda k, page, frames: self.channels.deliver(k, page, "iopub", frames)
        self.channels = PageChannels(parts.managers, connection_class, self.mute.passes)
        self._held: list[tuple[str, str, JsonDict]] = []
        self._let_in_until: dict[str, float] = {}

    def kernel_seen(self, kernel: str, manager: Any) -> None:
        """Listen to it, and let the agent in before its first cell."""
        self.watches.ensure(kernel, manager)
        if kernel not in self._let_in_until:
            self._let_in_until[kernel] = time.monotonic() + LET_IN_S
            self._tasks.spawn("agent", self._let_in(kernel))

    def repeats(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """A page that was away says again what may not have arrived. What did is not taken twice; if it has ended, the page may not know."""
        if not msg["again"]:
            return False
        request = self.recorder.log_of(kernel).requests.get(str(msg["header"]["msg_id"]))
        if request is None or (request.done and request.replied):
            self._tell_end(kernel, client, msg)
        return True

    def _tell_end(self, kernel: str, client: str, msg: dict[str, Any]) -> None:
        manager = self._parts.managers.get_kernel(kernel)
        told = [("iopub", "status", {"execution_state": "idle"})]
        if msg["header"]["msg_type"] == "execute_request":
            told.insert(0, ("shell", "execute_reply", self.recorder.reply_to(kernel, str(msg["header"]["msg_id"]))))
        speaker = self.watches.ensure(kernel, manager).kernel_session
        for channel, kind, content in told:
            answer = manager.session.msg(kind, content, parent={"header": msg["header"]})
            if speaker:
                answer["header"] = {**answer["header"], "session": speaker}
            frames = manager.session.serialize(answer, ident=[b"session-migrator"])
            self.channels.deliver(kernel, client, channel, frames)

    def holds(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """Keep the message if it must wait; it is forwarded later, in its order."""
        if msg["channel"] not in HELD_CHANNELS:
            return False
        waiting_before_it = any(k == kernel and c == client for k, c, _ in self._held)
        if not waiting_before_it and not self._must_wait(kernel, client, msg):
            if msg["channel"] == "stdin":
                self.mute.replied(kernel)
            return False
        self._held.append((kernel, client, msg))
        return True

    def passes(self, kernel: str, client: str, channel: str, frames: list[Any]) -> bool:
        """Whether the page should hear this."""
        return self.mute.passes(kernel, client, channel, frames)

    def forward_held(self) -> None:
        """Send on what waited, in its order."""
        held, self._held = self._held, []
        for kernel, client, msg in held:
            if self.holds(kernel, client, msg):
                continue
            if kernel in self._parts.managers:
                manager = self._parts.managers.get_kernel(kernel)
                stream = self.channels.channels(kernel, client)[msg["channel"]]
                if msg["channel"] == "stdin":
                    self.recorder.answered(kernel, client, msg)
                manager.session.send(stream, to_wire(msg))

    def close_pages(self) -> None:
        """Close the websockets: a page keeps what it wants to send until it is connected again, here or elsewhere."""
        for connection in self.channels.connections():
            connection.websocket_handler.close(CLOSED_TO_MOVE, "the session is being moved")
        for terminal in (getattr(self._parts.terminals, "terminals", None) or {}).values():
            let_go_of_pages(terminal)

    def forget(self, kernel: str) -> None:
        """The kernel is gone."""
        self.watches.drop(kernel)
        self.recorder.forget(kernel)
        self.channels.forget(kernel)
        self.mute.forget(kernel)
        self._let_in_until.pop(kernel, None)

    def _must_wait(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """While frozen; while the agent gets into a new kernel; behind what came before a move; before a question is asked again."""
        if self._status.state != "running" or time.monotonic() < self._let_in_until.get(kernel, 0):
            return True
        if msg["channel"] == "shell" and self.recorder.log_of(kernel).replaying:
            return True
        return msg["channel"] == "stdin" and self.mute.awaits(kernel)

    async def _let_in(self, kernel: str) -> None:
        began = time.monotonic()
        try:
            await self._agents.get(kernel, timeout=LET_IN_S)
            self.log.info("the agent is in kernel %s after %.2f s", kernel, time.monotonic() - began)
        except NoAgent as e:
            self.log.info("kernel %s: %s", kernel, e)
        finally:
            self._let_in_until[kernel] = 0.0
            self.forward_held()

    def _split(self, kernel: str, frames: list[Any]) -> list[Any]:
        return list(self._parts.managers.get_kernel(kernel).session.feed_identities(frames)[1])

    def _answer_input(self, kernel: str, client: str, parent: JsonDict, content: JsonDict) -> None:
        """Give a cell that runs again the answer that the user gave it before."""
        manager = self._parts.managers.get_kernel(kernel)
        stdin = self.channels.channels(kernel, client)["stdin"]
        manager.session.send(stdin, "input_reply", content, parent=parent)

    def _asked_again(self, kernel: str, msg_id: str, question: str) -> None:
        """A cell that runs again has asked what stands in a box on the page; its answer may go to the kernel now."""
        self.recorder.apply(kernel, "asked", msg_id=msg_id, id=question)
        self.forward_held()

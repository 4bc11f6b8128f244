"""Hears everything between page and kernels, keeps the redo logs and journals them.

Every public method may be called from the middle of the message path, so none of them raises: a fault of ours is logged
and the message goes on as if we were not there.
"""

from __future__ import annotations

import functools
import json
import logging
from collections import OrderedDict
from typing import Any, Callable, Iterable, Mapping, TypeVar, cast

from jupyter_extension.record.messages import JsonDict, from_parts, from_websocket, peek
from jupyter_extension.record.pump import JournalPump
from jupyter_extension.record.redo_log import HEARD, Heard, RedoLog

REPLY_LIMIT = 64 * 1024  # a page of help, say, is not kept for pages that did not get it
EVALUE_LIMIT = 1000
UNKNOWN = {
    "status": "error",
    "ename": "EndNotKnown",
    "evalue": "This cell has ended, but how is not known any more. Look at what it printed before you go on from it.",
}
"""Of a cell whose reply is gone nobody may say that it went well: what runs on from it would run on."""
Method = TypeVar("Method", bound=Callable[..., Any])
OUTPUTS = frozenset(
    {
        "stream",
        "display_data",
        "update_display_data",
        "execute_result",
        "error",
        "clear_output",
        "execute_input",
        "comm_open",
        "comm_msg",
        "comm_close",
    }
)


def guarded(method: Method) -> Method:
    """Log what goes wrong in us instead of raising it into the user's messages."""

    @functools.wraps(method)
    def call(self: Recorder, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception:
            self.log.exception("recording failed in %s", method.__name__)
            return None

    return cast("Method", call)


class Recorder:
    """The redo logs of all kernels, and the journal's queue."""

    def __init__(self, pump: JournalPump | None, *, output_limit: int, log: logging.Logger) -> None:
        self.pump, self.log = pump, log
        self.logs: dict[str, RedoLog] = {}
        self.on_activity: Callable[[str, str], None] = lambda kernel, what: None
        self.on_replayed: Callable[[], None] = lambda: None
        self._output_limit = output_limit
        self._incarnations: dict[str, Any] = {}
        self._replies: OrderedDict[str, bytes] = OrderedDict()

    def log_of(self, kernel: str) -> RedoLog:
        """The kernel's redo log, made when it is first asked for."""
        if kernel not in self.logs:
            self.logs[kernel] = RedoLog(kernel, self._output_limit)
        return self.logs[kernel]

    def apply(self, kernel: str, kind: str, **fields: Any) -> bool:
        """Record and journal one entry, if it is news."""
        entry = {"type": kind, "kernel": kernel, **fields}
        news = self.log_of(kernel).apply(entry)
        if news and self.pump is not None:
            self.pump.put(entry)
        return news

    @guarded
    def incoming(self, kernel: str, client: str, raw: Any, subprotocol: Any) -> JsonDict | None:
        """A frame from the page. Returns the message in journal form with its `channel`, and whether it came before (`again`)."""
        channel, msg = from_websocket(raw, subprotocol)
        again = channel == "shell" and self.log_of(kernel).knows(str(msg["header"]["msg_id"]))
        if channel == "shell" and not again:
            self.apply(kernel, "request", client=client, channel=channel, msg=msg)
        elif channel == "stdin":
            self.answered(kernel, client, msg)
        return {"channel": channel, "again": again, **msg}

    def answered(self, kernel: str, client: str, msg: JsonDict) -> None:
        """The user answered a question: a cell that is run again elsewhere gets the same answer."""
        asked = self.asking(kernel, client)
        if asked and msg["header"]["msg_type"] == "input_reply":
            self.apply(kernel, "input", msg_id=asked, content=msg["content"])

    def asking(self, kernel: str, client: str) -> str | None:
        """The request of this client that waits for input."""
        waiting = [r for r in self.log_of(kernel).requests.values() if r.asking and r.client == client]
        return waiting[-1].msg_id if waiting else None

    @guarded
    def outgoing(self, kernel: str, client: str, channel: Any, parts: list[Any]) -> None:
        """A message that was written to this client's page; `parts` are [signature, header, parent, metadata, content, ...]."""
        if channel == "iopub":
            self.iopub(kernel, parts, seen_by=client)
            return
        header, parent = peek(parts)
        msg_id = str(parent.get("msg_id"))
        if channel == "shell" and self._asked_by(kernel, msg_id, client):
            content = bytes(parts[4])
            self._keep_reply(msg_id, content)
            self.apply(kernel, "replied", msg_id=msg_id, **_end_in(header, content))
        elif channel == "stdin" and header["msg_type"] == "input_request":
            self.apply(kernel, "asked", msg_id=msg_id, id=header["msg_id"])

    def _keep_reply(self, msg_id: str, content: bytes) -> None:
        if len(content) <= REPLY_LIMIT:
            self._replies[msg_id] = content
            while len(self._replies) > HEARD:
                self._replies.popitem(last=False)

    def reply_to(self, kernel: str, msg_id: str) -> JsonDict:
        """What the page was told at a cell's end, for a page that did not get it; what is still known of it after a move."""
        if msg_id in self._replies:
            return cast("JsonDict", json.loads(self._replies[msg_id]))
        kept = self.log_of(kernel).heard.get(msg_id, Heard())
        end = kept.end or UNKNOWN
        if end["status"] == "aborted":
            return end
        return {"execution_count": kept.count, "payload": [], "user_expressions": {}, "traceback": [], **end}

    def _asked_by(self, kernel: str, msg_id: str, client: str) -> bool:
        request = self.log_of(kernel).requests.get(msg_id)
        return request is not None and request.client == client

    @guarded
    def iopub(self, kernel: str, parts: list[Any], seen_by: str | None = None) -> None:
        """A broadcast of the kernel, heard by our own subscriber or on its way to a page (`seen_by`)."""
        header, parent = peek(parts)
        msg_id, kind = str(parent.get("msg_id")), header["msg_type"]
        if kind == "status":
            self._status(kernel, msg_id, parent, bytes(parts[4]), seen_by)
        elif kind in OUTPUTS and self._wants_outputs(kernel, msg_id):
            self._output(kernel, msg_id, str(header["msg_id"]), parts, seen_by)

    def _wants_outputs(self, kernel: str, msg_id: str) -> bool:
        request = self.log_of(kernel).requests.get(msg_id)
        return request is not None and not request.muted

    def _status(self, kernel: str, msg_id: str, parent: JsonDict, content: bytes, seen_by: str | None) -> None:
        if b'"busy"' in content:
            if self.apply(kernel, "started", msg_id=msg_id):
                self.on_activity(kernel, "started")
        elif b'"idle"' in content:
            known = self.log_of(kernel).knows_end_of(msg_id)
            self.apply(kernel, "done", msg_id=msg_id)
            if str(parent.get("msg_type")).startswith("comm_") and seen_by and self._asked_by(kernel, msg_id, seen_by):
                self.apply(kernel, "replied", msg_id=msg_id)
            if not known and parent.get("msg_type") not in {"kernel_info_request", None}:
                self.on_activity(kernel, "done")

    def _output(self, kernel: str, msg_id: str, output_id: str, parts: list[Any], seen_by: str | None) -> None:
        request = self.log_of(kernel).requests[msg_id]
        seen = seen_by == request.client
        if output_id in request.outputs:
            if seen:
                self.apply(kernel, "seen", msg_id=msg_id, ids=[output_id])
            return
        self.apply(kernel, "output", msg_id=msg_id, msgs=[from_parts(parts[1:])], seen=seen)

    @guarded
    def incarnation(self, kernel: str, pid: Any) -> None:
        """The kernel's process id now: another one than before means that it was restarted and its past is void."""
        before = self._incarnations.get(kernel)
        self._incarnations[kernel] = pid
        if before is not None and pid is not None and before != pid:
            self.apply(kernel, "restart")
            self.on_activity(kernel, "restarted")

    def uncovered(self, covered: dict[str, set[str]]) -> list[JsonDict]:
        """The `redo` of a manifest whose kernels cover these requests."""
        return [e for k, log in self.logs.items() for e in log.entries(covered.get(k, set()))]

    def trim(self, covered: Mapping[str, Iterable[str]]) -> None:
        """A durable snapshot holds these requests' effects; not journalled, since the manifest says it."""
        for kernel, msg_ids in covered.items():
            log = self.log_of(kernel)
            for msg_id in list(msg_ids):
                log.apply({"type": "covered", "kernel": kernel, "msg_id": msg_id})

    def forget(self, kernel: str) -> None:
        """The kernel is gone."""
        self.logs.pop(kernel, None)
        self._incarnations.pop(kernel, None)


def _end_in(header: JsonDict, content: bytes) -> JsonDict:
    """How a cell ended, out of its reply: what a page that lost the reply must be told, after a move too."""
    if header["msg_type"] != "execute_reply":
        return {}
    reply = json.loads(content)
    end = {"status": str(reply.get("status"))}
    if end["status"] == "error":
        end.update({key: str(reply.get(key, ""))[:EVALUE_LIMIT] for key in ("ename", "evalue")})
    return {"end": end}

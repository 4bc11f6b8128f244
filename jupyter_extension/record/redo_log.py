"""The redo log of one kernel: pure state, changed only by applying journal entries.

The recorder applies an entry when it happens and journals the same entry; a restore applies what it reads. So what a restore
sees is what the recorder knew, whatever was lost at the end.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Callable, Iterator

from jupyter_extension.record.messages import JsonDict
from jupyter_extension.record.request import Request

IDLE_MEMORY = 4096
HEARD = 128  # a page asks again only for what it has just asked: so many ids are enough to know it by


@dataclass(frozen=True)
class Heard:
    """What is kept of a request that may not be in the log any more: the number of the cell's run, and its `Request.end`."""

    count: int | None = None
    end: JsonDict | None = None


class RedoLog:
    """Requests in the order of arrival, with their state; see `docs/interfaces.md` for the entries."""

    def __init__(self, kernel: str, output_limit: int = 8 * 1024 * 1024) -> None:
        self.kernel = kernel
        self.requests: OrderedDict[str, Request] = OrderedDict()
        self.restarted = False
        self.replaying = False  # what came before the move is being sent; what comes now waits for its turn
        self.heard: OrderedDict[str, Heard] = OrderedDict()
        """The requests that were taken last, by their ids."""
        self._output_limit = output_limit
        self._idle_order: OrderedDict[str, int] = OrderedDict()
        self._idles = 0
        self._appliers: dict[str, Callable[[Request, JsonDict], bool]] = {
            "started": self._started,
            "done": self._done,
            "replied": self._replied,
            "covered": self._covered,
            "output": self._output,
            "seen": self._seen,
            "asked": self._asked,
            "input": self._input,
            "again": self._again,
        }

    def __len__(self) -> int:
        return len(self.requests)

    def apply(self, entry: JsonDict) -> bool:
        """Take one entry in; True if it was news. Entries of unknown requests or types are none: an older one was trimmed."""
        kind = entry.get("type")
        if kind == "request":
            return self._request(entry)
        if kind == "heard":
            ends = entry.get("ends") or {}
            for msg_id, count in entry["ids"]:
                self._hear(str(msg_id), Heard(count, ends.get(msg_id)))
            return True
        if kind == "restart":
            self.requests.clear()
            self.restarted = True
            return True
        if kind == "done":
            self._remember_idle(str(entry["msg_id"]))
        request = self.requests.get(str(entry.get("msg_id")))
        applier = self._appliers.get(str(kind))
        if request is None or applier is None:
            return False
        changed = applier(request, entry)
        if request.msg_id in self.heard:
            self.heard[request.msg_id] = Heard(request.count, request.end)
        if request.finished:
            del self.requests[request.msg_id]
        return changed

    def knows_end_of(self, msg_id: str | None) -> bool:
        """Whether the end of this request was seen, so that `covered_by` can tell what lies before it."""
        return not msg_id or msg_id in self._idle_order

    @property
    def ends(self) -> int:
        """How many requests have ended: a mark for `covered_by`."""
        return self._idles

    def covered_by(self, last_msg_id: str | None, mark: int = 0) -> set[str]:
        """The requests whose effects are in a state that was taken right after `last_msg_id`, and after `mark` ends."""
        end = max(mark, self._idle_order.get(str(last_msg_id), 0))
        ended = {m for m in self.requests if self._idle_order.get(m, end + 1) <= end}
        if not last_msg_id or last_msg_id in self._idle_order:
            return ended
        return ended | self._covered_by_position(last_msg_id)

    def _covered_by_position(self, last_msg_id: str) -> set[str]:
        """Without having seen the end: what stands before it in the same queue."""
        last = self.requests.get(last_msg_id)
        if last is None:
            return set()
        before = set()
        for msg_id, request in self.requests.items():
            if request.done or request.subshell == last.subshell:
                before.add(msg_id)
            if msg_id == last_msg_id:
                break
        return before

    def entries(self, covered: set[str]) -> Iterator[JsonDict]:
        """What a restore must know beside a snapshot that covers `covered`; the log itself stays as it is."""
        covers = {msg_id for msg_id, request in self.requests.items() if request.covered or msg_id in covered}
        over = {m for m in covers if self.requests[m].replied and not self.requests[m].unseen}
        heard = {m: kept for m, kept in self.heard.items() if m not in self.requests or m in over}
        if heard:
            ends = {m: kept.end for m, kept in heard.items() if kept.end}
            yield self._entry("heard", ids=[[m, kept.count] for m, kept in heard.items()], ends=ends)
        for msg_id, request in self.requests.items():
            is_covered = msg_id in covers
            if msg_id in over:
                continue
            yield self._entry("request", client=request.client, channel=request.channel, msg=request.msg)
            for mark in ("started", "done", "replied"):
                if getattr(request, mark) or (mark == "done" and request.muted):
                    end = {"end": request.end} if mark == "replied" and request.end else {}
                    yield self._entry(mark, msg_id=msg_id, count=request.count, **end)
            for content in request.inputs:
                yield self._entry("input", msg_id=msg_id, content=content)
            if request.asking:
                yield self._entry("asked", msg_id=msg_id, id=request.asking)
            for output in request.outputs.values():
                yield self._entry("output", msg_id=msg_id, msgs=[output.msg], seen=output.seen)
            if is_covered:
                yield self._entry("covered", msg_id=msg_id)

    def _entry(self, kind: str, **fields: Any) -> JsonDict:
        return {"type": kind, "kernel": self.kernel, **fields}

    def mute(self, msg_id: str) -> None:
        """It ended before the move, and runs again here unheard; until then its effects are not in this kernel."""
        request = self.requests[msg_id]
        request.muted, request.done = True, False

    def forget_ends(self) -> None:
        """This kernel is new: nothing has ended in it yet."""
        self._idle_order.clear()
        self._idles = 0

    def pending(self) -> list[Request]:
        """The requests that have not ended, in order."""
        return [r for r in self.requests.values() if not r.done]

    def _request(self, entry: JsonDict) -> bool:
        request = Request(str(entry["client"]), str(entry["channel"]), entry["msg"])
        if self.knows(request.msg_id):
            return False
        self._hear(request.msg_id, Heard())
        self.requests[request.msg_id] = request
        return True

    def _hear(self, msg_id: str, kept: Heard) -> None:
        self.heard[msg_id] = kept
        self.heard.move_to_end(msg_id)
        while len(self.heard) > HEARD:
            self.heard.popitem(last=False)

    def knows(self, msg_id: str) -> bool:
        """Whether this request was taken already, here or where the session was before."""
        return msg_id in self.requests or msg_id in self.heard or msg_id in self._idle_order

    def _remember_idle(self, msg_id: str) -> None:
        if msg_id not in self._idle_order:
            self._idles += 1
            self._idle_order[msg_id] = self._idles
            if len(self._idle_order) > IDLE_MEMORY:
                self._idle_order.popitem(last=False)

    def _started(self, request: Request, entry: JsonDict) -> bool:
        changed, request.started = not request.started, True
        request.count = entry.get("count", request.count)
        return changed

    def _done(self, request: Request, entry: JsonDict) -> bool:
        changed, request.done, request.asking = not request.done, True, None
        if request.replied:
            request.drop_seen()
        return changed

    def _replied(self, request: Request, entry: JsonDict) -> bool:
        changed, request.replied = not request.replied, True
        request.end = entry.get("end", request.end)
        if request.done:
            request.drop_seen()
        return changed

    def _covered(self, request: Request, entry: JsonDict) -> bool:
        changed, request.covered = not request.covered, True
        return changed

    def _output(self, request: Request, entry: JsonDict) -> bool:
        news = [request.add_output(m, bool(entry.get("seen")), self._output_limit) for m in entry["msgs"]]
        return any(news)

    def _seen(self, request: Request, entry: JsonDict) -> bool:
        news = [request.mark_seen(str(key)) for key in entry["ids"]]
        if request.done and request.replied:
            request.drop_seen()
        return any(news)

    def _asked(self, request: Request, entry: JsonDict) -> bool:
        request.asking = str(entry.get("id"))
        return True

    def _input(self, request: Request, entry: JsonDict) -> bool:
        request.asking = None
        request.inputs.append(entry["content"])
        return True

    def _again(self, request: Request, entry: JsonDict) -> bool:
        request.begin_again()
        return True

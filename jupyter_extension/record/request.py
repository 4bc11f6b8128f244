"""One request of the page to a kernel, and how far it has come."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from jupyter_extension.record.messages import READ_ONLY, JsonDict, tags_of

NO_RERUN = "no-rerun"


@dataclass
class Output:
    """A message from the kernel in answer to a request; `seen`: it was written to the page that asked."""

    msg: JsonDict
    seen: bool
    size: int


@dataclass
class Request:
    """A shell request and its marks.

    started: the kernel is at it; done: it ended; replied: the page that asked knows the end; covered: a snapshot holds
    its effects; muted: it had ended before a move and is run again here without the page hearing it. `end` is how a cell
    ended, as the page was told: `status` (ok, error, aborted), and of an error `ename` and `evalue`.
    """

    client: str
    channel: str
    msg: JsonDict
    started: bool = False
    done: bool = False
    replied: bool = False
    covered: bool = False
    muted: bool = False
    asking: str | None = None
    count: int | None = None
    end: JsonDict | None = None
    inputs: list[JsonDict] = field(default_factory=list)
    outputs: dict[str, Output] = field(default_factory=OrderedDict)
    dropped: set[str] = field(default_factory=set)

    @property
    def msg_id(self) -> str:
        """The id that the page gave it."""
        return str(self.msg["header"]["msg_id"])

    @property
    def kind(self) -> str:
        """Its message type, e.g. execute_request."""
        return str(self.msg["header"]["msg_type"])

    @property
    def subshell(self) -> Any:
        """The subshell that it goes to, or None for the main one."""
        return self.msg["header"].get("subshell_id")

    @property
    def is_cell(self) -> bool:
        """Whether it runs code."""
        return self.kind == "execute_request"

    @property
    def changes_state(self) -> bool:
        """Whether running it again is needed to get the state back."""
        return self.kind not in READ_ONLY

    @property
    def no_rerun(self) -> bool:
        """Whether its author forbade to run it a second time."""
        return self.is_cell and NO_RERUN in tags_of(self.msg)

    @property
    def was_aborted(self) -> bool:
        """Whether it never ran, since a cell before it failed."""
        return self.done and self.end is not None and self.end["status"] == "aborted"

    @property
    def unseen(self) -> list[JsonDict]:
        """What the page has not got yet, in order."""
        return [o.msg for o in self.outputs.values() if not o.seen]

    @property
    def finished(self) -> bool:
        """Whether nothing of it is of use any more."""
        if not self.changes_state:
            return self.replied or (self.done and self.covered)
        return self.covered and self.replied and not self.unseen

    @property
    def cell(self) -> str | None:
        """The id of the notebook cell that it came from, if the page said so."""
        cell = (self.msg.get("metadata") or {}).get("cellId")
        return str(cell) if cell else None

    def begin_again(self) -> None:
        """It is run anew: what it said before is void."""
        self.started = self.done = False
        self.asking = None
        self.inputs = []
        self.outputs.clear()

    def add_output(self, msg: JsonDict, seen: bool, limit: int) -> bool:
        """Keep an output within `limit` bytes, the oldest seen ones going first; False if it was there already."""
        key = str(msg["header"]["msg_id"])
        if key in self.dropped:
            return False
        if key in self.outputs:
            return self.mark_seen(key) if seen else False
        if msg["header"]["msg_type"] == "execute_input":
            self.count = msg["content"].get("execution_count")
        self.outputs[key] = Output(msg, seen, len(json.dumps(msg)))
        total = sum(o.size for o in self.outputs.values())
        for old in sorted(self.outputs, key=lambda k: not self.outputs[k].seen):
            if total <= limit or old == key:
                break
            total -= self.outputs.pop(old).size
            self.dropped.add(old)
        return True

    def mark_seen(self, key: str) -> bool:
        """The page got this output; True if that is news."""
        output = self.outputs.get(key)
        if output is None or output.seen:
            return False
        output.seen = True
        return True

    def drop_seen(self) -> None:
        """Forget the outputs that the page has: a done cell's are never shown again."""
        for key in [k for k, o in self.outputs.items() if o.seen]:
            del self.outputs[key]
            self.dropped.add(key)

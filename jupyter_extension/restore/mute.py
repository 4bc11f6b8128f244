"""Keeps from the page what it has heard already: repeated runs, and questions whose box is still open on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, List

from jupyter_extension.record.messages import JsonDict, peek

Frames = List[Any]
OUTPUTS = frozenset({"stream", "display_data", "update_display_data", "execute_result", "error", "clear_output"})
Answer = Callable[[str, str, JsonDict, JsonDict], None]  # kernel, client, parent header, content of the input_reply


@dataclass
class _Questions:
    """The answers that a cell got before the move, in order, and whether the page still shows one more question.

    Until that one is asked again, outputs are no news: the page has had them, and wiping them would wipe the box. Questions and outputs
    come on channels of their own, so that an output may be late: what was said before `asked_at`, by the kernel's clock, is none either.
    `held` keeps them by client, since a cell that ends without asking has told something else this time.
    """

    answers: list[JsonDict] = field(default_factory=list)
    box_is_open: bool = False
    asked: bool = False
    asked_at: datetime | None = None
    answered: bool = False
    held: list[tuple[str, Frames]] = field(default_factory=list)

    def is_after(self, header: JsonDict) -> bool:
        """Whether the kernel said this after its question, which has been answered. On doubt it did."""
        said_at = _said_at(header)
        return self.answered and (said_at is None or self.asked_at is None or said_at > self.asked_at)


def _said_at(header: JsonDict) -> datetime | None:
    """When the kernel made a message; None if it can't be told."""
    try:
        at = datetime.fromisoformat(str(header.get("date")).replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


class Mute:
    """A filter on the way to the page, by the id of the request that a message answers."""

    def __init__(self, split: Callable[[str, Frames], list[Any]], answer: Answer, log: logging.Logger) -> None:
        self._split, self._answer, self._log = split, answer, log
        self._muted: dict[str, set[str]] = {}
        self._questions: dict[tuple[str, str], _Questions] = {}
        self.on_asked: Callable[[str, str, str], None] = lambda kernel, msg_id, question: None
        self.on_had: Callable[[str, str, Frames], None] = lambda kernel, client, frames: None
        self.on_lapsed: Callable[[str, str, Frames], None] = lambda kernel, client, frames: None

    def mute(self, kernel: str, msg_id: str) -> None:
        """The page shall hear nothing of this request any more."""
        self._muted.setdefault(kernel, set()).add(msg_id)

    def expect(self, kernel: str, msg_id: str, answers: list[JsonDict], *, box_is_open: bool) -> None:
        """When this request asks again: give the answers it got before; then the open box on the page stands for it."""
        if answers or box_is_open:
            self._questions[kernel, msg_id] = _Questions(list(answers), box_is_open)

    def awaits(self, kernel: str) -> bool:
        """Whether this kernel has not asked yet what a page's open box will answer."""
        return any(key[0] == kernel and q.box_is_open and not q.asked for key, q in self._questions.items())

    def passes(self, kernel: str, client: str, channel: str, frames: Frames) -> bool:
        """Whether the message may go to the page. On doubt it may."""
        if kernel not in self._muted and not self._questions:
            return True
        try:
            parts = self._split(kernel, frames)
            header, parent = peek(parts)
        except (ValueError, IndexError, KeyError) as e:
            self._log.debug("a message that can't be read passes: %r", e)
            return True
        msg_id = str(parent.get("msg_id"))
        if channel == "stdin" and header["msg_type"] == "input_request":
            return not self._answered(kernel, client, msg_id, header)
        if channel == "iopub" and (kernel, msg_id) in self._questions:
            return self._is_news(kernel, client, msg_id, header, parts, frames)
        return msg_id not in self._muted.get(kernel, ())

    def _answered(self, kernel: str, client: str, msg_id: str, header: JsonDict) -> bool:
        questions = self._questions.get((kernel, msg_id))
        if questions is None:
            return False
        if questions.answers:
            self._answer(kernel, client, header, questions.answers.pop(0))
            return True
        if questions.asked or not questions.box_is_open:
            del self._questions[kernel, msg_id]
            return False
        questions.asked, questions.asked_at = True, _said_at(header)
        for page, had in questions.held:
            self.on_had(kernel, page, had)
        self.on_asked(kernel, msg_id, str(header["msg_id"]))
        return True

    def _is_news(
        self, kernel: str, client: str, msg_id: str, header: JsonDict, parts: list[Any], frames: Frames
    ) -> bool:
        questions, kind = self._questions[kernel, msg_id], str(header["msg_type"])
        if questions.box_is_open and kind in OUTPUTS and not questions.is_after(header):
            if questions.asked:
                self.on_had(kernel, client, frames)
            else:
                questions.held.append((client, frames))
            return False
        if kind == "status" and b'"idle"' in bytes(parts[4]):
            del self._questions[kernel, msg_id]
            for page, kept in [] if questions.asked else questions.held:
                self.on_lapsed(kernel, page, kept)
        return True

    def replied(self, kernel: str) -> None:
        """The page's answer goes to the kernel: what it says from here on is news."""
        for key, questions in self._questions.items():
            if key[0] == kernel and questions.asked:
                questions.answered = True

    def forget(self, kernel: str) -> None:
        """The kernel is gone or new."""
        self._muted.pop(kernel, None)
        for key in [k for k in self._questions if k[0] == kernel]:
            del self._questions[key]

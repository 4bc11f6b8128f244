"""A question that is asked again at the target: its outputs and it come on channels of their own, in any order."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from jupyter_extension.restore.mute import Mute

CELL = "the-cell"


def frames(kind: str, date: str, **content: Any) -> list[bytes]:
    parts = [{"msg_type": kind, "msg_id": kind, "date": date}, {"msg_id": CELL}, {}, content]
    return [b"signature", *(json.dumps(part).encode() for part in parts)]


@pytest.fixture
def mute() -> Mute:
    """Of a page whose box is open, and whose cell has just asked again at 12:00:01."""
    mute = Mute(lambda _kernel, parts: parts, lambda *_: None, logging.getLogger(__name__))
    mute.expect("k", CELL, [], box_is_open=True)
    assert not mute.passes("k", "page", "stdin", frames("input_request", "2026-01-01T12:00:01.000000Z"))
    return mute


@pytest.mark.parametrize("answered", [False, True])
def test_what_was_said_before_the_question_is_no_news_however_late_it_comes(mute: Mute, answered: bool) -> None:
    had: list[str] = []
    mute.on_had = lambda _kernel, page, _frames: had.append(page)
    if answered:
        mute.replied("k")
    assert not mute.passes("k", "page", "iopub", frames("stream", "2026-01-01T12:00:00.999999Z", text="before"))
    assert had == ["page"]


@pytest.mark.parametrize(
    "date", ["2026-01-01T12:00:01.5Z", "2026-01-01T12:00:02+00:00", "2026-01-01T12:00:02", "", "soon"]
)
def test_what_is_said_after_the_answer_is_news_and_what_has_no_date_too(mute: Mute, date: str) -> None:
    mute.replied("k")
    assert mute.passes("k", "page", "iopub", frames("stream", date, text="after"))


def test_the_next_question_is_the_pages(mute: Mute) -> None:
    mute.replied("k")
    assert mute.passes("k", "page", "stdin", frames("input_request", "2026-01-01T12:00:03Z"))
    assert mute.passes("k", "page", "iopub", frames("stream", "2026-01-01T12:00:00Z", text="whatever"))

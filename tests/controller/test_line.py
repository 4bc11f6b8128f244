"""In which order sessions save whose machine goes away, if their standbys are not ready by then."""

from __future__ import annotations

import time

from migrator.controller.line import NEAR_S, Line

SOON = time.time() + 3600


def test_the_last_one_has_the_reserve_and_each_before_it_has_more():
    line = Line(8.0, 0.5)
    for session in ("c", "a", "b"):
        line.reserve(session, SOON)
    assert [line.reserve(session, SOON) for session in ("a", "b", "c")] == [9.0, 8.5, 8.0]


def test_one_that_has_saved_takes_nothing_from_those_before_it_and_gives_its_time_back():
    line = Line(8.0, 0.5)
    for session in ("a", "b", "c"):
        line.reserve(session, SOON)
    line.leave("c")
    assert [line.reserve(session, SOON) for session in ("a", "b")] == [8.5, 8.0]


def test_another_events_deadline_is_another_line():
    line = Line(8.0, 0.5)
    line.reserve("later", SOON + NEAR_S)
    line.reserve("past", time.time() - 1.0)
    assert line.reserve("a", SOON) == 8.0
    assert line.reserve("later", SOON + NEAR_S) == 8.0
    assert line.reserve("near", SOON + 1.0) == 8.5, "the later one is near enough to that"


def test_a_nearer_deadline_brings_it_forward():
    line = Line(8.0, 0.5)
    line.reserve("a", SOON)
    line.reserve("b", SOON)
    assert line.reserve("b", SOON - 10.0) == 8.5
    assert line.reserve("a", SOON) == 8.0

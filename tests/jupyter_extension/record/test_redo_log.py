from __future__ import annotations

from typing import Any

from jupyter_extension.record.redo_log import HEARD, RedoLog
from jupyter_extension.restore.plan import DELIVER, steps_of


def request(msg_id: str, kind: str = "execute_request", **metadata: Any) -> dict[str, Any]:
    msg = {
        "header": {"msg_id": msg_id, "msg_type": kind},
        "parent_header": {},
        "metadata": metadata,
        "content": {},
        "buffers": [],
    }
    return {"type": "request", "kernel": "k", "client": "c", "channel": "shell", "msg": msg}


def output(msg_id: str, key: str, *, seen: bool, text: str = "x") -> dict[str, Any]:
    msg = {"header": {"msg_id": key, "msg_type": "stream"}, "content": {"name": "stdout", "text": text}}
    return {"type": "output", "kernel": "k", "msg_id": msg_id, "msgs": [msg], "seen": seen}


def mark(kind: str, msg_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "kernel": "k", "msg_id": msg_id, **fields}


def log_of(*entries: dict[str, Any], limit: int = 10_000) -> RedoLog:
    log = RedoLog("k", limit)
    for entry in entries:
        log.apply(entry)
    return log


def ids(log: RedoLog) -> list[str]:
    return list(log.requests)


def test_what_ended_before_the_boundary_is_covered_and_what_ended_after_is_not() -> None:
    log = log_of(*(request(m) for m in "abc"), *(mark("done", m) for m in "abc"))
    assert log.covered_by("b") == {"a", "b"}
    assert log.covered_by("b", mark=3) == {"a", "b", "c"}
    assert log.covered_by(None) == set()


def test_a_boundary_whose_end_was_not_heard_covers_its_own_queue() -> None:
    side = request("side")
    side["msg"]["header"]["subshell_id"] = "s"
    log = log_of(request("a"), side, request("b"), request("c"))
    assert log.covered_by("b") == {"a", "b"}
    assert log.covered_by("unknown") == set()


def test_a_covered_cell_stays_until_the_page_has_heard_all_of_it() -> None:
    log = log_of(request("a"), output("a", "o1", seen=False), mark("done", "a"), mark("covered", "a"))
    assert ids(log) == ["a"]
    log.apply(mark("replied", "a"))
    assert ids(log) == ["a"]
    log.apply(mark("seen", "a", ids=["o1"]))
    assert ids(log) == []


def test_an_output_that_the_page_had_is_no_news_when_it_is_heard_again() -> None:
    log = log_of(request("a"), output("a", "o1", seen=True), mark("done", "a"), mark("replied", "a"))
    assert not log.apply(output("a", "o1", seen=False))
    assert log.requests["a"].unseen == []


def test_entries_rebuild_the_same_log() -> None:
    log = log_of(
        request("a"), mark("started", "a", count=7), mark("done", "a"), request("b"), mark("started", "b"),
        output("b", "o1", seen=True), output("b", "o2", seen=False), mark("asked", "b", id="q"), mark("input", "b", content={"value": "1"}),
        mark("asked", "b", id="q2"), request("c", "comm_msg"),
    )  # fmt: skip
    again = log_of(*log.entries(set()))
    assert list(again.entries(set())) == list(log.entries(set()))
    assert again.requests["a"].count == 7
    assert again.requests["b"].inputs == [{"value": "1"}]
    assert again.requests["b"].asking == "q2"
    assert [m["header"]["msg_id"] for m in again.requests["b"].unseen] == ["o2"]


def test_entries_leave_out_what_the_snapshot_covers() -> None:
    log = log_of(request("a"), mark("done", "a"), mark("replied", "a"), request("b"))
    assert [e["msg"]["header"]["msg_id"] for e in log.entries({"a"}) if e["type"] == "request"] == ["b"]


def test_twice_the_same_entries_change_nothing() -> None:
    entries = [request("a"), mark("started", "a"), output("a", "o", seen=False), mark("done", "a")]
    assert list(log_of(*entries, *entries).entries(set())) == list(log_of(*entries).entries(set()))


def test_a_restart_voids_the_past_only() -> None:
    log = log_of(request("a"), mark("done", "a"), {"type": "restart", "kernel": "k"}, request("b"))
    assert ids(log) == ["b"]
    assert log.restarted


def test_outputs_are_bounded_and_the_seen_ones_go_first() -> None:
    log = log_of(request("a"), limit=2000)
    log.apply(output("a", "seen", seen=True, text="x" * 800))
    log.apply(output("a", "unseen", seen=False, text="x" * 800))
    log.apply(output("a", "new", seen=False, text="x" * 800))
    assert [m["header"]["msg_id"] for m in log.requests["a"].unseen] == ["unseen", "new"]


def test_a_read_only_request_is_over_with_its_reply() -> None:
    log = log_of(request("a", "complete_request"), mark("done", "a"))
    assert ids(log) == ["a"]
    log.apply(mark("replied", "a"))
    assert ids(log) == []


def test_what_is_run_again_unheard_counts_as_ended_for_the_next_move() -> None:
    log = log_of(request("a"), mark("done", "a"), mark("replied", "a"))
    log.forget_ends()
    log.mute("a")
    assert log.covered_by(None, mark=log.ends) == set()
    assert [e["type"] for e in log.entries(set())] == ["request", "done", "replied"]


def test_what_was_taken_is_known_here_and_where_the_session_goes() -> None:
    log = log_of(request("a"), mark("done", "a"), mark("replied", "a"), mark("covered", "a"), request("b"))
    assert "a" not in log.requests
    there = log_of(*log.entries(set()))
    there.forget_ends()
    for one in (log, there):
        assert [one.knows(msg_id) for msg_id in ("a", "b", "c")] == [True, True, False]
        assert not one.apply(request("a"))
        assert list(one.requests) == ["b"]


def test_how_a_cell_ended_is_known_here_and_where_the_session_goes() -> None:
    failed = {"status": "error", "ename": "ValueError", "evalue": "no"}
    ended = [(name, mark("replied", name, end=end)) for name, end in (("a", failed), ("b", {"status": "aborted"}))]
    log = log_of(*(each for name, replied in ended for each in (request(name), mark("done", name), replied)))
    there = log_of(*log.entries({"a"}))
    assert log.heard["a"].end == there.heard["a"].end == failed
    assert there.requests["b"].was_aborted
    assert [(step.request.msg_id, step.action) for step in steps_of(there)] == [("b", DELIVER)], "it had not run"


def test_only_the_last_ones_are_known() -> None:
    log = log_of(*(request(str(n)) for n in range(HEARD + 1)))
    assert len(log.heard) == HEARD
    assert "0" not in log.heard
    assert log.knows("0"), "it is still in the log"

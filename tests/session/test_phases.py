from __future__ import annotations

import pytest

from migrator.session import Owner, PhaseError, Record, Target
from migrator.session.phases import (
    begin_move,
    begin_resume,
    cancel_move,
    end,
    fence,
    is_saved_to_the_end,
    noted,
    retarget,
    saved,
    started,
    stopping,
    suspend,
)
from migrator.session.record import TIMELINE_LENGTH

NEW = Record("a-test-session", 1, "starting", owner=Owner("a", "/user/x/"), created=1.0)
TARGET = Target("b", "/user/x/")
NEW_OWNER = Owner("b", "/user/x/", "http://b:1")


def in_phase(phase: str) -> Record:
    active = started(NEW, "http://a:1")
    suspended = suspend(active)
    return {
        "starting": NEW,
        "active": active,
        "moving": begin_move(active, TARGET),
        "suspended": suspended,
        "ended": end(active),
    }[phase]


def test_a_move_from_start_to_end():
    record = saved(started(NEW, "http://a:1", at=2.0), "5a" * 16, 100, at=3.0)
    assert (record.phase, record.owner.address, record.snapshot_at, record.state_bytes) == (
        "active",
        "http://a:1",
        3.0,
        100,
    )
    moving = begin_move(record, TARGET, at=4.0)
    assert (moving.phase, moving.epoch, moving.owner, moving.target) == ("moving", 1, record.owner, TARGET)
    moved = fence(moving, NEW_OWNER, at=5.0)
    assert (moved.phase, moved.epoch, moved.target) == ("active", 2, None)
    assert moved.owner == Owner("b", "/user/x/", "http://b:1", 5.0)
    assert [(event.event, event.at) for event in moved.timeline] == [("fenced", 5.0)]
    assert moved.snapshot == "5a" * 16
    assert moved.updated == 5.0


def test_a_target_may_become_known_later_and_may_change():
    moving = begin_move(in_phase("active"))
    assert moving.target is None
    with pytest.raises(PhaseError, match="only be given to the target"):
        fence(moving, NEW_OWNER)
    aimed = begin_move(moving, TARGET)
    assert aimed.target == TARGET
    elsewhere = retarget(aimed, Target("c", "/user/x/"))
    with pytest.raises(PhaseError, match="only be given to the target"):
        fence(elsewhere, NEW_OWNER)


def test_a_second_move_is_refused_while_one_is_under_way():
    with pytest.raises(PhaseError, match="cannot move: it is moving"):
        begin_move(in_phase("moving"), Target("c", "/"))


def test_a_move_that_is_called_off_leaves_the_owner_and_its_epoch():
    back = cancel_move(in_phase("moving"))
    assert (back.phase, back.epoch, back.owner, back.target) == ("active", 1, in_phase("active").owner, None)


def test_suspend_and_resume():
    suspended = suspend(in_phase("moving"))
    assert (suspended.phase, suspended.epoch, suspended.owner, suspended.target) == ("suspended", 2, None, None)
    resuming = begin_resume(suspended, TARGET)
    with pytest.raises(PhaseError, match="no server to stay on"):
        cancel_move(resuming)
    resumed = fence(resuming, NEW_OWNER)
    assert (resumed.phase, resumed.epoch, resumed.owner.member) == ("active", 3, "b")
    assert suspend(resuming).phase == "suspended"


def test_the_end_fences_too():
    ended = end(in_phase("active"))
    assert (ended.phase, ended.epoch, ended.owner) == ("ended", 2, None)
    assert end(ended) == ended


def test_started_again_is_harmless():
    active = in_phase("active")
    again = started(active, "http://a:2")
    assert (again.phase, again.epoch, again.owner.address) == ("active", 1, "http://a:2")
    assert started(in_phase("moving")).phase == "moving"


FORBIDDEN = [
    (started, (), ["suspended", "ended"]),
    (begin_move, (TARGET,), ["moving", "suspended", "ended"]),
    (retarget, (TARGET,), ["starting", "active", "suspended", "ended"]),
    (cancel_move, (), ["starting", "active", "suspended", "ended"]),
    (fence, (NEW_OWNER,), ["starting", "active", "suspended", "ended"]),
    (saved, ("5a" * 16,), ["suspended", "ended"]),
    (suspend, (), ["suspended", "ended"]),
    (begin_resume, (TARGET,), ["starting", "active", "moving", "ended"]),
]


@pytest.mark.parametrize(
    ("change", "arguments", "phase"),
    [(change, arguments, phase) for change, arguments, phases in FORBIDDEN for phase in phases],
)
def test_what_a_phase_does_not_allow(change, arguments: tuple, phase: str):
    with pytest.raises(PhaseError, match="a-test-session cannot"):
        change(in_phase(phase), *arguments)


def test_the_timeline_keeps_the_latest():
    record = NEW
    for number in range(TIMELINE_LENGTH + 5):
        record = noted(record, "notice", {"n": number}, at=float(number))
    assert len(record.timeline) == TIMELINE_LENGTH
    assert record.timeline[-1].detail == {"n": TIMELINE_LENGTH + 4}
    assert record.updated == TIMELINE_LENGTH + 4


@pytest.mark.parametrize(
    ("told", "saved_to_the_end"),
    [
        (["stopping", "frozen", "durable"], True),
        (["durable", "stopping", "frozen"], False),  # an earlier move, called off
        (["frozen", "durable"], False),
        (["stopping"], False),
    ],
)
def test_a_server_is_saved_to_its_end_if_it_froze_and_saved_after_it_was_told_to_stop(told, saved_to_the_end):
    record = in_phase("active")
    for event in told:
        record = stopping(record) if event == "stopping" else noted(record, event)
    assert is_saved_to_the_end(record) is saved_to_the_end
    assert not is_saved_to_the_end(fence(begin_move(record, TARGET), NEW_OWNER)), "its successor was told nothing"

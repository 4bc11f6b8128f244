"""Moves in which somebody fails: a target, a source, a controller, or everything at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.controller.conftest import Federation, call, until
from tests.rigs.small_hub import TOKEN


def test_a_target_that_cannot_start_leaves_the_source_running(federation: Federation) -> None:
    session = federation.launch("nostart")
    federation.a.put("nostart", "x")
    with federation.fault("b", "nostart", "no-start"):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
        federation.wait_for(session, "failed")
        record = federation.settled(session)
    assert (record["phase"], record["epoch"], record["owner"]["member"]) == ("active", 1, "a")
    assert federation.a.put("nostart", "goes on") == 200


def test_without_another_member_the_same_hub_starts_it_again(federation: Federation) -> None:
    session = federation.launch("again")
    federation.a.put("again", "x", save=False)
    with federation.fault("b", "again", "no-start"):
        federation.api("/v1/notices", {"session": session, "cause": "evicted", "deadline": time.time() + 30})
        federation.wait_for(session, "routed")
        record = federation.settled(session)
    assert (record["epoch"], record["owner"]["member"]) == (2, "a")
    assert federation.a.value("again")[1]["value"] == "x"


def test_a_whole_machine_that_goes_and_nowhere_to_go_to_is_a_suspension(federation: Federation) -> None:
    session = federation.launch("nowhere")
    federation.a.put("nowhere", "x", save=False)
    with federation.fault("b", "nowhere", "no-start"):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b", "deadline": time.time() + 6})
        federation.wait_for(session, "suspended")
        record = federation.settled(session)
    assert record["snapshot"]
    federation.api(f"/v1/sessions/{session}/resume", {})
    federation.wait_for(session, "restored")
    until(lambda: federation.a.value("nowhere")[1].get("value") == "x")


def test_a_session_that_nobody_takes_in_passing_waits_for_a_member(federation: Federation) -> None:
    session = federation.launch("patient")
    federation.a.put("patient", "x", save=False)
    federation.b.controller.kill()
    try:
        federation.api(f"/v1/sessions/{session}/move", {"target": "b", "deadline": time.time() + 120})
        federation.wait_for(session, "waiting")
        assert federation.a.put("patient", "goes on", save=False) == 200
    finally:
        federation.b.controller.start()
    federation.wait_for(session, "routed")
    assert "suspended" not in federation.events(session)
    assert federation.settled(session)["owner"]["member"] == "b"
    assert federation.a.value("patient")[1]["value"] == "goes on"


def test_a_session_that_is_saved_waits_beyond_its_machines_end(federation: Federation) -> None:
    """There is nothing to lose any more, and its page waits with it."""
    session = federation.launch("beyond")
    federation.a.put("beyond", "x", save=False)
    federation.b.controller.kill()
    try:
        deadline = time.time() + 6
        federation.api(f"/v1/sessions/{session}/move", {"target": "b", "deadline": deadline})
        federation.wait_for(session, "durable")
        until(lambda: time.time() > deadline)
    finally:
        federation.b.controller.start()
    federation.wait_for(session, "routed")
    assert "suspended" not in federation.events(session)
    assert federation.a.value("beyond")[1]["value"] == "x"


def test_a_target_that_cannot_restore_is_left_for_another_under_a_new_epoch(federation: Federation) -> None:
    session = federation.launch("norestore")
    federation.a.put("norestore", "x", save=False)
    with federation.fault("b", "norestore", "no-activate"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "restored")
        record = federation.settled(session)
    assert (record["epoch"], record["owner"]["member"]) == (3, "a")
    assert federation.a.value("norestore")[1]["value"] == "x"
    headers = {"Authorization": "token " + federation.b.hub.token}
    user = call("GET", f"{federation.b.hub.api}/users/norestore", headers=headers)[1]
    assert not user["servers"]


def test_a_source_that_cannot_save_goes_on_if_nothing_forces_it(federation: Federation) -> None:
    session = federation.launch("nosave")
    federation.a.put("nosave", "x", save=False)
    with federation.fault("a", "nosave", "no-freeze"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "failed")
        record = federation.settled(session)
    assert (record["phase"], record["owner"]["member"]) == ("active", "a")
    assert federation.a.value("nosave")[1]["value"] == "x"


@contextlib.contextmanager
def hub_token_of_b(federation: Federation, token: str) -> Iterator[None]:
    """The controller of b has that token for its hub, until somebody mends it."""
    _restart_b(federation, token)
    try:
        yield
    finally:
        _restart_b(federation, TOKEN)


def _restart_b(federation: Federation, token: str) -> None:
    federation.b.controller.kill()
    (federation.folder / "hub-token").write_text(token)
    federation.b.controller.start()


@pytest.mark.parametrize("token", ["a-wrong-token", f"weak-{TOKEN}"], ids=["wrong", "lacks-scopes"])
def test_a_hub_token_that_does_not_do_is_said_and_the_session_goes_on(federation: Federation, token: str) -> None:
    user = f"token{len(token)}"
    session = federation.launch(user)
    federation.a.put(user, "x", save=False)
    with hub_token_of_b(federation, token):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
        federation.wait_for(session, "failed")
        record = federation.settled(session)
    failed = next(event for event in record["timeline"] if event["event"] == "failed")
    assert "b: " in failed["detail"]["reason"]
    assert "the hub's token is wrong or lacks the scopes admin:users, admin:servers" in failed["detail"]["reason"]
    assert (record["phase"], record["epoch"], record["owner"]["member"]) == ("active", 1, "a")
    assert federation.a.value(user)[1]["value"] == "x"
    federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
    federation.wait_for(session, "routed")
    assert federation.a.value(user)[1] == {**federation.b.value(user)[1], "value": "x"}


def test_with_a_deadline_the_last_durable_snapshot_counts(federation: Federation) -> None:
    session = federation.launch("olddata")
    federation.a.put("olddata", "durable")
    federation.a.put("olddata", "newer", save=False)
    with federation.fault("a", "olddata", "no-freeze"):
        federation.api(f"/v1/sessions/{session}/move", {"deadline": time.time() + 6})
        federation.wait_for(session, "routed")
    assert federation.settled(session)["owner"]["member"] == "b"
    assert federation.a.value("olddata")[1]["value"] == "durable"


def test_a_second_notice_while_moving_is_busy_and_the_move_goes_on(federation: Federation) -> None:
    session = federation.launch("twice", slow=2)
    assert federation.api(f"/v1/sessions/{session}/move", {"deadline": time.time() + 60})[0] == 202
    status, data = federation.api(f"/v1/sessions/{session}/move", {"deadline": time.time() + 40})
    assert (status, data["error"]) == (409, "busy")
    notice = {"session": session, "cause": "reclaimed", "grace_s": 20}
    assert federation.api("/v1/notices", notice) == (202, {"sessions": [session]})
    assert federation.record(session)["controller"]["plan"]["deadline"] < time.time() + 21
    federation.wait_for(session, "routed")
    assert federation.events(session).count("fenced") == 1


def test_two_notices_at_once_are_one_move_by_the_earlier_deadline(federation: Federation) -> None:
    session = federation.launch("pair", slow=2)
    federation.a.put("pair", "x", save=False)
    answers: list[Any] = []

    def warn(grace_s: float) -> None:
        notice = {"session": session, "cause": "reclaimed", "grace_s": grace_s}
        answers.append(federation.api("/v1/notices", notice))

    both = [threading.Thread(target=warn, args=(grace_s,)) for grace_s in (90, 60)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert answers == [(202, {"sessions": [session]})] * 2
    assert federation.record(session)["controller"]["plan"]["deadline"] < time.time() + 61
    federation.wait_for(session, "routed")
    assert federation.events(session).count("fenced") == 1
    assert federation.a.value("pair")[1] == {**federation.b.value("pair")[1], "value": "x"}


def test_a_controller_killed_in_the_middle_goes_on_when_it_is_back(federation: Federation) -> None:
    session = federation.launch("restart")
    federation.a.put("restart", "x", save=False)
    with federation.fault("b", "restart", "slow-activate"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "fenced")
        federation.a.controller.kill()
    federation.a.controller.start()
    federation.wait_for(session, "routed")
    until(lambda: federation.a.value("restart")[1].get("member") == "b")
    assert federation.events(session).count("fenced") == 1
    assert federation.a.value("restart")[1]["value"] == "x"


def test_a_standby_that_still_starts_when_its_mover_dies_is_waited_for(federation: Federation) -> None:
    session = federation.launch("starting", slow=5)
    headers = {"Authorization": f"token {TOKEN}"}

    def pending() -> bool:
        servers = call("GET", f"{federation.b.hub.api}/users/starting", headers=headers)[1].get("servers") or {}
        return servers.get("", {}).get("pending") == "spawn"

    federation.api(f"/v1/sessions/{session}/move", {})
    until(pending)
    federation.a.controller.kill()
    federation.a.controller.start()
    federation.wait_for(session, "routed")
    assert "failed" not in federation.events(session)
    assert federation.record(session)["owner"]["member"] == "b"


def test_a_controller_that_stays_away_is_stood_in_for(federation: Federation) -> None:
    session = federation.launch("standin")
    federation.a.put("standin", "x", save=False)
    with federation.fault("b", "standin", "slow-activate"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "fenced")
        federation.a.controller.kill()
    try:
        federation.wait_for(session, "routed")
        assert federation.b.value("standin")[1]["value"] == "x"
    finally:
        federation.a.controller.start()
    until(lambda: federation.a.value("standin")[1].get("member") == "b")


def test_a_lost_member_is_left_behind_only_after_its_lease(federation: Federation) -> None:
    session = federation.launch("lease")
    federation.a.put("lease", "x")
    federation.a.controller.kill()
    try:
        status, record = federation.api(f"/v1/sessions/{session}/resume", {}, at=federation.b)
        assert (status, record["controller"]["plan"]["way"]) == (202, "lost")
        federation.wait_for(session, "restored")
        times = {event["event"]: event["at"] for event in federation.record(session)["timeline"]}
        assert times["restored"] - times["fenced"] >= 3
    finally:
        federation.a.controller.start()
    until(lambda: federation.a.value("lease")[1].get("member") == "b")

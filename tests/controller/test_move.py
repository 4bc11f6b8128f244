"""Whole moves between two members; each test has a session of its own."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from tests.controller.conftest import Federation, Member, call, until
from tests.rigs.small_hub import TOKEN

FENCED = {"fenced", "restored", "routed"}


def watch(member: Member, user: str, ended: threading.Event, seen: list[tuple[int, str]]) -> None:
    """Every change of what an open page sees."""
    while not ended.is_set():
        status, data = member.value(user)
        if not seen or seen[-1] != (status, data.get("member", "")):
            seen.append((status, data.get("member", "")))
        time.sleep(0.01)


def test_a_live_move_takes_the_state_along_and_the_page_too(federation: Federation) -> None:
    session = federation.launch("live")
    federation.a.put("live", "precious")
    ended, seen = threading.Event(), []
    page = threading.Thread(target=watch, args=(federation.a, "live", ended, seen))
    page.start()

    status, record = federation.api(f"/v1/sessions/{session}/move", {"cause": "maintenance"})
    assert (status, record["phase"]) == (202, "moving")
    assert "sealed" not in record
    federation.wait_for(session, "page-back")
    record = federation.settled(session)
    ended.set()
    page.join()

    assert federation.a.value("live") == (200, {**federation.b.value("live")[1]})
    assert federation.b.value("live")[1]["value"] == "precious"
    assert (record["phase"], record["epoch"], record["owner"]["member"]) == ("active", 2, "b")
    order = [
        event for event in federation.events(session) if event in {"notice", "standby", "frozen", "durable", *FENCED}
    ]
    assert order == ["notice", "standby", "frozen", "durable", "fenced", "restored", "routed"]
    assert {status for status, _ in seen} <= {200, 503}
    assert seen[0] == (200, "a")
    assert seen[-1] == (200, "b")


def test_an_emergency_freezes_at_once(federation: Federation) -> None:
    session = federation.launch("emergency")
    federation.a.put("emergency", "quick", save=False)
    federation.api("/v1/notices", {"session": session, "cause": "reclaimed", "deadline": time.time() + 5})
    record = federation.wait_for(session, "routed")
    order = [event["event"] for event in record["timeline"]]
    assert order.index("frozen") < order.index("standby")
    assert federation.a.value("emergency")[1]["value"] == "quick"


def test_a_machine_that_dies_before_the_target_is_up_leaves_its_pages_waiting(federation: Federation) -> None:
    session = federation.launch("diesearly")
    federation.a.put("diesearly", "precious", save=False)
    ended, seen = threading.Event(), []
    page = threading.Thread(target=watch, args=(federation.a, "diesearly", ended, seen))
    page.start()

    process = federation.a.value("diesearly")[1]["pid"]
    with federation.fault("b", "diesearly", "slow-activate"):
        federation.api("/v1/notices", {"session": session, "cause": "reclaimed", "deadline": time.time() + 5})
        federation.wait_for(session, "fenced")
        os.kill(process, signal.SIGKILL)
        until(lambda: hub_forgot(federation.a, "diesearly"), lambda: federation.record(session))
    federation.wait_for(session, "routed")
    ended.set()
    page.join()

    assert federation.a.value("diesearly")[1]["value"] == "precious"
    assert {status for status, _ in seen} <= {200, 503}


def hub_forgot(member: Member, user: str) -> bool:
    """The hub has noticed that the server is gone, and has taken its route away."""
    data = call("GET", f"{member.hub.api}/users/{user}", headers={"Authorization": f"token {TOKEN}"})[1]
    return not data["servers"]


def test_a_server_killed_without_notice_comes_back_from_its_last_snapshot(federation: Federation) -> None:
    session = federation.launch("killed")
    federation.a.put("killed", "saved")
    federation.a.put("killed", "not saved", save=False)
    os.kill(federation.a.value("killed")[1]["pid"], signal.SIGKILL)

    seen: set[int] = set()

    def back() -> bool:
        status, data = federation.a.value("killed")
        seen.add(status)
        return status == 200 and data.get("member") == "b"

    until(back, lambda: federation.record(session))
    assert federation.a.value("killed")[1]["value"] == "saved"
    assert seen <= {200, 503}
    record = federation.settled(session)
    assert record["owner"]["member"] == "b"
    assert "ended" in federation.events(session)


def test_a_session_goes_there_and_back(federation: Federation) -> None:
    session = federation.launch("boomerang")
    federation.a.put("boomerang", "1")
    federation.api(f"/v1/sessions/{session}/move", {})
    federation.wait_for(session, "routed")
    federation.settled(session)
    assert federation.b.put("boomerang", "2") == 200
    federation.api(f"/v1/sessions/{session}/move", {"target": "a"}, at=federation.b)
    federation.wait_for(session, "routed", 2)
    federation.settled(session)
    for member in (federation.a, federation.b):
        assert member.value("boomerang")[1]["member"] == "a"
        assert member.value("boomerang")[1]["value"] == "2"
    record = federation.record(session)
    assert record["epoch"] == 3
    switched = [event["detail"]["member"] for event in record["timeline"] if event["event"] == "switched"]
    assert switched == ["a", "a", "b"], "the source sends its pages away when their way is open, not before"


def test_suspend_and_resume(federation: Federation) -> None:
    session = federation.launch("sleeper")
    federation.a.put("sleeper", "kept", save=False)
    federation.api(f"/v1/sessions/{session}/suspend", {"cause": "idle"})
    federation.wait_for(session, "suspended")
    record = federation.settled(session)
    assert (record["phase"], record["owner"]) == ("suspended", None)
    assert federation.a.value("sleeper")[0] == 503
    assert federation.api(f"/v1/sessions/{session}/move", {})[0] == 409

    assert federation.api(f"/v1/sessions/{session}/resume", {"member": "a"})[0] == 202
    federation.wait_for(session, "restored")
    assert federation.settled(session)["owner"]["member"] == "a"
    assert federation.a.value("sleeper")[1]["value"] == "kept"


def test_a_resumption_asked_for_during_the_suspension_follows_it(federation: Federation) -> None:
    session = federation.launch("hasty")
    federation.a.put("hasty", "kept", save=False)
    assert federation.api(f"/v1/sessions/{session}/suspend", {"cause": "idle"})[0] == 202
    assert federation.api(f"/v1/sessions/{session}/resume", {"member": "b"})[0] == 202
    federation.wait_for(session, "routed")
    record = federation.settled(session)
    assert (record["phase"], record["owner"]["member"]) == ("active", "b")
    events = federation.events(session)
    assert events.index("suspended") < events.index("restored")
    assert federation.b.value("hasty")[1]["value"] == "kept"


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


def test_a_server_that_the_hub_stops_is_suspended(federation: Federation) -> None:
    session = federation.launch("stopped")
    federation.a.put("stopped", "x")
    headers = {"Authorization": "token " + federation.a.hub.token}
    call("DELETE", f"{federation.a.hub.api}/users/stopped/server", headers=headers)
    federation.wait_for(session, "suspended")
    assert federation.settled(session)["phase"] == "suspended"


def test_a_killed_server_that_its_hub_tidies_away_at_once_is_moved_nevertheless(federation: Federation) -> None:
    session = federation.launch("tidied")
    federation.a.put("tidied", "saved")
    os.kill(federation.a.value("tidied")[1]["pid"], signal.SIGKILL)
    headers = {"Authorization": "token " + federation.a.hub.token}
    call("DELETE", f"{federation.a.hub.api}/users/tidied/server", headers=headers)
    federation.wait_for(session, "routed")
    assert federation.b.value("tidied")[1]["value"] == "saved"
    assert "suspended" not in federation.events(session)


def test_deleting_ends_everything(federation: Federation) -> None:
    session = federation.launch("deleted")
    assert federation.api(f"/v1/sessions/{session}", method="DELETE")[0] == 202
    assert federation.settled(session)["phase"] == "ended"
    headers = {"Authorization": "token " + federation.a.hub.token}
    until(lambda: not call("GET", f"{federation.a.hub.api}/users/deleted", headers=headers)[1]["servers"])
    assert federation.record(session)["controller"]["doors"] == [], "nobody looks after it any more"


def test_a_notice_for_the_machine_moves_all_its_sessions(federation: Federation) -> None:
    sessions = [federation.launch(f"many{number}", member=federation.b) for number in range(3)]
    status, data = federation.api("/v1/notices", {"machine": "b", "cause": "reclaimed", "grace_s": 60}, at=federation.b)
    assert status == 202
    assert set(sessions) <= set(data["sessions"])
    for number, session in enumerate(sessions):
        federation.wait_for(session, "routed")
        assert federation.b.value(f"many{number}")[1]["member"] == "a"


def test_names_and_secrets_are_checked(federation: Federation) -> None:
    bad: list[tuple[Any, ...]] = [
        ("/v1/sessions/..%2f..%2fx/move", {}, 400),
        ("/v1/sessions/%00abcdefgh/move", {}, 400),
        ("/v1/sessions/unknown-session/move", {}, 404),
        ("/v1/notices", {"machine": "a", "session": "b"}, 400),
        ("/v1/launches", {"user": "../x"}, 400),
        ("/v1/launches", {"user": "x", "user_options": {"migrator": {"session": "../../etc"}}}, 400),
    ]
    for path, body, status in bad:
        assert federation.api(path, body)[0] == status, path
    assert call("GET", federation.a.controller.url + "/v1/sessions", headers={})[0] == 401


def test_nobody_gets_a_standbys_tokens_for_a_session_that_does_not_move_to_him(federation: Federation) -> None:
    session = federation.launch("victim")
    body = {"user": "attacker", "user_options": {"migrator": {"session": session, "epoch": 2}}}
    assert federation.api("/v1/launches", body, at=federation.b) == (
        403, {"error": "denied", "message": f"Session {session} is not moving to this server."},
    )  # fmt: skip

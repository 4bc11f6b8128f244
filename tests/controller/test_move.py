"""Whole moves between two members; each test has a session of its own."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tests.controller.conftest import Federation, Member, call, options, until
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
    session = federation.launch("live", image="an/image:1")
    federation.a.put("live", "precious")
    started = options(federation.a, "live")
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
    assert started["token"]
    assert started["image"]
    arrived = {name: value for name, value in options(federation.b, "live").items() if name != "migrator"}
    assert arrived == started, "the same image, and the token by which the page is known"
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


@pytest.mark.parametrize(("source", "other", "statuses"), [("a", "b", {200, 403, 503}), ("b", "a", {200, 503})])
def test_a_server_killed_without_notice_comes_back_from_its_last_snapshot(
    federation: Federation, source: str, other: str, statuses: set[int]
) -> None:
    """A hub that does not tell what it finds (a) may be faster than the watcher, and says 403 then, which no page believes."""
    user, member = f"killed-at-{source}", getattr(federation, source)
    session = federation.launch(user, member)
    member.put(user, "saved")
    member.put(user, "not saved", save=False)
    os.kill(member.value(user)[1]["pid"], signal.SIGKILL)

    seen: set[int] = set()

    def back() -> bool:
        status, data = member.value(user)
        seen.add(status)
        return status == 200 and data.get("member") == other

    until(back, lambda: federation.record(session))
    assert member.value(user)[1]["value"] == "saved"
    assert seen <= statuses
    record = federation.settled(session)
    assert record["owner"]["member"] == other
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

"""A session with time to spare stands still only when its standby holds what it saved; one without does not wait for that."""

from __future__ import annotations

import time

from tests.controller.conftest import Federation, until

LIMIT_S = 10.0  # Controller.precopy_limit_s as it is by default


def at(federation: Federation, session: str, event: str) -> float:
    timeline = federation.record(session)["timeline"]
    return next(float(each["at"]) for each in timeline if each["event"] == event)


def test_the_source_runs_on_until_its_standby_has_fetched_what_was_saved(federation: Federation) -> None:
    session = federation.launch("copies")
    federation.a.put("copies", "before")
    first = federation.record(session)["snapshot"]
    with federation.fault("b", "copies", "slow-copy"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "standby")
        until(lambda: federation.record(session)["snapshot"] != first, lambda: federation.record(session))
        assert federation.a.put("copies", "meanwhile") == 200
        assert "frozen" not in federation.events(session)
    federation.settled(session)
    assert federation.b.value("copies")[1]["value"] == "meanwhile"


def test_a_standby_that_is_slow_to_fetch_is_not_waited_for_without_end(federation: Federation) -> None:
    session = federation.launch("slowcopy")
    federation.a.put("slowcopy", "precious")
    with federation.fault("b", "slowcopy", "slow-copy"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.settled(session)
    assert federation.b.value("slowcopy")[1]["value"] == "precious"
    assert at(federation, session, "frozen") - at(federation, session, "standby") >= LIMIT_S


def test_near_the_deadline_nothing_is_waited_for(federation: Federation) -> None:
    session = federation.launch("nocopy")
    federation.a.put("nocopy", "precious", save=False)
    with federation.fault("b", "nocopy", "slow-copy"):
        deadline = time.time() + 15
        federation.api("/v1/notices", {"session": session, "cause": "reclaimed", "deadline": deadline})
        federation.settled(session)
    assert federation.b.value("nocopy")[1]["value"] == "precious"
    assert at(federation, session, "frozen") < deadline

"""A hub that gives a server up which lives: nobody is led to where nobody is, and the session ends on a server that a hub knows."""

from __future__ import annotations

import os
import signal
from typing import Any

from tests.controller.conftest import Federation, Member, call, until


def servers(member: Member, user: str) -> Any:
    """As the hub sees them."""
    answer = call("GET", f"{member.hub.api}/users/{user}", headers={"Authorization": "token " + member.hub.token})[1]
    return answer.get("servers")


def test_a_session_whose_hub_gave_its_server_up_moves_on_and_its_pages_never_lose_it(federation: Federation) -> None:
    session = federation.launch("forgotten")
    federation.a.put("forgotten", "x")
    with federation.fault("b", "forgotten", "gives-up"):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
        federation.wait_for(session, "routed")
        left = federation.a.value("forgotten")[1]["pid"]
    try:
        until(lambda: federation.record(session)["epoch"] == 3, lambda: federation.record(session))
        record = federation.settled(session)
        owner = {"a": federation.a, "b": federation.b}[record["owner"]["member"]]
        assert record["phase"] == "active"
        assert servers(owner, "forgotten")
        for member in (federation.a, federation.b):
            until(lambda member=member: member.value("forgotten")[1].get("value"))
            answer = member.value("forgotten")[1]
            assert answer["value"] == "x"
            assert answer["pid"] != left
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_server_that_lives_is_found_after_its_controller_was_away(federation: Federation) -> None:
    session = federation.launch("forgotten2")
    federation.a.put("forgotten2", "x")
    with federation.fault("b", "forgotten2", "gives-up"):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
        federation.wait_for(session, "routed")
        left = federation.a.value("forgotten2")[1]["pid"]
        federation.settled(session)
        federation.b.controller.kill()
    try:
        until(lambda: not servers(federation.b, "forgotten2"))
        federation.b.controller.start()
        until(lambda: federation.record(session)["epoch"] == 3, lambda: federation.record(session))
        federation.settled(session)
        assert federation.a.value("forgotten2")[1]["value"] == "x"
    finally:
        os.kill(left, signal.SIGKILL)

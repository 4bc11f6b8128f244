"""A hub that gives a server up which lives: nobody is led to where nobody is, and the session ends on a server that a hub knows."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

from tests.controller.conftest import Federation, until
from tests.controller.test_move import hub_forgot


@contextlib.contextmanager
def moved_to_a_hub_that_gives_up(federation: Federation, user: str) -> Iterator[tuple[str, int]]:
    """The session, and the process of the server where it lives as long as the block runs."""
    session = federation.launch(user)
    federation.a.put(user, "x")
    with federation.fault("b", user, "gives-up"):
        federation.api(f"/v1/sessions/{session}/move", {"target": "b"})
        federation.wait_for(session, "routed")
        federation.settled(session)
        pid = federation.a.value(user)[1]["pid"]
        yield session, pid


def test_a_session_whose_hub_gave_its_server_up_moves_on_and_its_pages_never_lose_it(federation: Federation) -> None:
    with moved_to_a_hub_that_gives_up(federation, "forgotten") as (session, left):
        pass
    try:
        until(lambda: federation.record(session)["epoch"] == 3, lambda: federation.record(session))
        record = federation.settled(session)
        assert record["phase"] == "active"
        assert not hub_forgot(getattr(federation, record["owner"]["member"]), "forgotten")
        for member in (federation.a, federation.b):
            until(lambda member=member: member.value("forgotten")[1].get("value"))
            answer = member.value("forgotten")[1]
            assert answer["value"] == "x"
            assert answer["pid"] != left
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_server_that_lives_is_found_after_its_controller_was_away(federation: Federation) -> None:
    with moved_to_a_hub_that_gives_up(federation, "forgotten2") as (session, left):
        federation.b.controller.kill()
    try:
        until(lambda: hub_forgot(federation.b, "forgotten2"))
        federation.b.controller.start()
        until(lambda: federation.record(session)["epoch"] == 3, lambda: federation.record(session))
        federation.settled(session)
        assert federation.a.value("forgotten2")[1]["value"] == "x"
    finally:
        os.kill(left, signal.SIGKILL)

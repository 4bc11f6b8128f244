"""A logout at one member's hub is known wherever the user's sessions are."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.controller.conftest import Federation

DIGEST = hashlib.sha256(b"browser").hexdigest()


def logouts(federation: Federation, session: str) -> list[tuple[str, str, str]]:
    return [(each["member"], each["user"], each["session"]) for each in federation.record(session).get("logouts", [])]


def test_it_is_noted_in_all_sessions_of_that_user_and_no_others(federation: Federation) -> None:
    mine, others = federation.launch("loggedout"), federation.launch("stays")
    body = {"user": "loggedout", "session": DIGEST}
    assert federation.api("/v1/logouts", body, at=federation.b) == (200, {"sessions": 1})
    assert federation.api("/v1/logouts", {**body, "session": ""}) == (200, {"sessions": 1})
    assert logouts(federation, mine) == [("b", "loggedout", DIGEST), ("a", "loggedout", "")]
    assert logouts(federation, others) == []
    federation.api(f"/v1/sessions/{mine}/move", {})
    federation.settled(mine)
    assert len(logouts(federation, mine)) == 2, "it is known after a move"


@pytest.mark.parametrize("body", [{}, {"user": "x", "session": "no digest"}, {"user": ["x"]}])
def test_what_is_no_logout_is_refused(federation: Federation, body: dict[str, Any]) -> None:
    assert federation.api("/v1/logouts", body)[0] == 400

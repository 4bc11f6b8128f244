"""What a controller refuses: names that are none, and calls of strangers."""

from __future__ import annotations

from typing import Any

from tests.controller.conftest import Federation, call


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

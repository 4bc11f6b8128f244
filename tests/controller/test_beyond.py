"""Calls to a pod that only its own member's controller has a way to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tornado.web import RequestHandler

from migrator.controller.beyond import PodBeyond, passed_on
from migrator.serving.client import NoAnswer, Refused, ServiceClient, Unreachable
from migrator.serving.errors import ApiError
from tests.controller.conftest import Federation
from tests.rigs.answering import answering

NOWHERE = ServiceClient("http://127.0.0.1:1")
FREEZE = {"method": "POST", "path": "/freeze", "body": {"deadline": 1.0}, "limit_s": 5.0}


class Says(RequestHandler):
    """Answers what it was told to, and keeps what it was asked."""

    status, answer, asked = 200, {}, []

    def post(self) -> None:
        self.asked.append((self.request.path, self.request.body))
        self.set_status(self.status)
        self.finish(self.answer)


@pytest.fixture
async def says() -> AsyncIterator[tuple[type[Says], ServiceClient]]:
    handler = type("Handler", (Says,), {"asked": []})
    async with answering(handler) as url:
        yield handler, ServiceClient(url)


async def freeze(controller: ServiceClient, directly: ServiceClient = NOWHERE) -> Any:
    pod = PodBeyond(controller, "a-session-there", 3, directly)
    return (await pod.call("POST", "/freeze", {"deadline": 1.0}, timeout=5.0)).data


async def test_its_controller_passes_the_call_on_and_the_answer_back(says):
    handler, controller = says
    handler.answer = {"answer": {"snapshot": "s"}}
    assert await freeze(controller) == {"snapshot": "s"}
    ((path, body),) = handler.asked
    assert path == "/v1/sessions/a-session-there/pod"
    assert b'"epoch": 3' in body


async def test_without_its_controller_the_direct_way_is_tried(says):
    handler, pod = says
    handler.answer = {"snapshot": "s"}
    assert await freeze(NOWHERE, pod) == {"snapshot": "s"}
    with pytest.raises(Unreachable):
        await freeze(NOWHERE)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(502, "pod_unreachable", Unreachable), (504, "pod_no_answer", NoAnswer), (503, "store_unavailable", Refused)],
)
async def test_faults_mean_what_they_mean_when_it_is_called_directly(says, status, code, error):
    handler, controller = says
    handler.status, handler.answer = status, {"error": code, "message": "why"}
    with pytest.raises(error):
        await freeze(controller)


@pytest.mark.parametrize(("status", "answer"), [(503, {}), (404, {"error": "not_found", "message": "no such call"})])
async def test_no_controller_behind_an_ingress_and_one_that_is_too_old_are_no_answer_of_the_pods(says, status, answer):
    handler, controller = says
    handler.status, handler.answer = status, answer
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1/"):
        await freeze(controller)


async def test_what_is_passed_on_keeps_the_pods_own_words(says):
    handler, pod = says
    handler.status, handler.answer = 409, {"error": "fenced", "message": "another runs"}
    with pytest.raises(ApiError) as refused:
        await passed_on(pod, FREEZE)
    assert (refused.value.status, refused.value.code) == (409, "fenced")
    with pytest.raises(ApiError) as silent:
        await passed_on(NOWHERE, FREEZE)
    assert (silent.value.status, silent.value.code) == (502, "pod_unreachable")


def test_a_controller_passes_on_for_the_owner_that_stands_and_nothing_else(federation: Federation) -> None:
    session = federation.launch("passed-on", federation.b)
    path = f"/v1/sessions/{session}/pod"
    wish = {"epoch": 1, "method": "GET", "path": "/status", "limit_s": 5}
    status, data = federation.api(path, wish, at=federation.b)
    assert (status, data["answer"]["member"]) == (200, "b")
    assert federation.api(path, wish)[0] == 409, "it is owned elsewhere"
    assert federation.api(path, {**wish, "epoch": 2}, at=federation.b)[0] == 409
    assert federation.api(path, {**wish, "path": "/../api/value"}, at=federation.b)[0] == 400
    assert federation.api(path, {**wish, "limit_s": "long"}, at=federation.b)[0] == 400


def test_a_controller_lets_the_one_that_moves_a_session_here_look_at_its_standby(federation: Federation) -> None:
    session = federation.launch("looked-at")
    path, wish = f"/v1/sessions/{session}/pod", {"epoch": 2, "method": "GET", "path": "/status", "limit_s": 5}
    with federation.fault("b", "looked-at", "slow-copy"):
        federation.api(f"/v1/sessions/{session}/move", {})
        federation.wait_for(session, "standby")
        status, data = federation.api(path, wish, at=federation.b)
        assert (status, data["answer"]["state"], data["answer"]["prepared"]) == (200, "standby", None)
        stop = {**wish, "method": "POST", "path": "/stop"}
        assert federation.api(path, stop, at=federation.b)[0] == 409, "it is not the owner"
    federation.settled(session)

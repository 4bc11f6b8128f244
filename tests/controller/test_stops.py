"""A hub that tells before it stops a server (member b): its open pages hear nothing but 503, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from tests.controller.conftest import FRONT_DOOR, Federation, Member, call, until
from tests.controller.test_move import hub_forgot


@contextlib.contextmanager
def statuses(member: Member, user: str, value: str) -> Iterator[set[int]]:
    """Every status that an open page gets meanwhile, whatever it asks and however."""
    ended, seen = threading.Event(), set[int]()

    def ask() -> None:
        while not ended.is_set():
            seen.add(member.value(user)[0])
            seen.add(member.put(user, value, save=False))
            time.sleep(0.01)

    page = threading.Thread(target=ask)
    page.start()
    try:
        yield seen
    finally:
        ended.set()
        page.join()


def stop(member: Member, user: str) -> None:
    """As a culler does."""
    headers = {"Authorization": "token " + member.hub.token}
    assert call("DELETE", f"{member.hub.api}/users/{user}/server", headers=headers)[0] in {202, 204}


def shown(member: Member, user: str) -> str:
    """What somebody sees who opens the page anew."""
    request = urllib.request.Request(f"{member.hub.public}/user/{user}/lab", headers={"Accept": "text/html"})
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return str(answer.read().decode())


def test_what_was_not_saved_yet_is_saved_before_the_hub_stops_the_server(federation: Federation) -> None:
    member = federation.b
    session = federation.launch("culled", member, binder_request="v2/gh/a/b/HEAD")
    member.put("culled", "precious", save=False)
    with statuses(member, "culled", "precious") as seen:
        stop(member, "culled")
        federation.wait_for(session, "suspended")
        federation.settled(session)
        until(lambda: hub_forgot(member, "culled"))
    assert seen <= {200, 503}
    assert member.value("culled") == (503, {"error": "resting", "message": member.value("culled")[1]["message"]})
    page = shown(member, "culled")
    assert "Your session is saved" in page
    assert f"{FRONT_DOOR}/v2/gh/a/b/HEAD" in page

    federation.api(f"/v1/sessions/{session}/resume", {"member": "a"})
    federation.wait_for(session, "routed")
    assert federation.a.value("culled")[1]["value"] == "precious"


def test_a_hub_that_finds_a_server_dead_leaves_its_pages_alone(federation: Federation) -> None:
    member = federation.b
    session = federation.launch("dies", member)
    member.put("dies", "x")
    with federation.fault("a", "dies", "no-start") as fault, statuses(member, "dies", "x") as seen:
        os.kill(member.value("dies")[1]["pid"], signal.SIGKILL)
        until(lambda: hub_forgot(member, "dies"), lambda: federation.record(session))
        fault.unlink()
        until(lambda: member.value("dies")[1].get("value"), lambda: federation.record(session))
    assert seen <= {200, 503}


def test_pages_wait_from_the_moment_at_which_the_hub_finds_a_server_dead_and_not_for_ever_if_it_lives(
    federation: Federation,
) -> None:
    member = federation.b
    session = federation.launch("thought-dead", member)
    member.put("thought-dead", "x")
    found = {"user": "thought-dead", "server_name": "", "meant": False}
    for _ in range(2):
        assert federation.api("/v1/stops", found, at=member) == (200, {"held": True})
        assert member.value("thought-dead")[0] == 503
        until(lambda: member.value("thought-dead")[1].get("value"), lambda: federation.record(session))
    assert federation.record(session)["epoch"] == 1
    assert "switched" not in federation.events(session), "pages are where they were"


def test_a_controller_that_is_away_keeps_no_server_from_stopping(federation: Federation) -> None:
    member = federation.b
    federation.launch("unheard", member)
    member.controller.kill()
    try:
        stop(member, "unheard")
        until(lambda: hub_forgot(member, "unheard"))
    finally:
        member.controller.start()


def test_a_stop_is_answered_only_where_there_is_a_session(federation: Federation) -> None:
    def asked(**body: Any) -> Any:
        return federation.api("/v1/stops", body, at=federation.b)

    assert asked(user="nobody", server_name="", meant=True) == (200, {"held": False})
    assert asked(user="nobody", server_name="other", meant=True) == (200, {"held": False})
    assert asked(user="nobody", server_name="", meant=False) == (200, {"held": False})

"""What a page may ask for, where users are made for one launch as on Binder: a second session like this one, and a bigger machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kubernetes.arrivals import assert_lives_only_at, kubectl, moved_to, pods_of
from tests.kubernetes.launches import Launched, call, end, record, run_cell, status, until
from tests.rigs.kubernetes.member import Member

pytestmark = pytest.mark.kubernetes


async def wish(session: Launched, path: str, body: Any = None) -> Any:
    """A call that the page makes of its own server."""
    method = "GET" if body is None else "POST"
    return await call(f"{session.url()}/migrator/api/v1/{path}", method=method, body=body, token=session.token)


@pytest.fixture
async def copy(members, session) -> AsyncIterator[Launched]:
    """Made from the page of `session`."""
    name = (await wish(session, "copies", {}))["copy"]

    async def url() -> str:
        state = await wish(session, f"copies/{name}")
        assert state["state"] != "failed", state
        return str(state["url"])

    address = urlsplit(await until("the copy is up", url))
    member = next(each for each in members.values() if each.url == f"{address.scheme}://{address.netloc}")
    user, token = address.path.strip("/").split("/")[1], parse_qs(address.query)["token"][0]
    copy = Launched(member, user, token, id=name)
    (row,) = await call(f"{copy.url()}/api/sessions", token=token)
    copy.kernel = row["kernel"]["id"]
    yield copy
    await end(copy, members.values())


async def test_a_copy_is_a_session_of_its_own(members, session, copy):
    """Its own user, pod, token and kernel; what it does, and how it ends, is no business of the first."""
    assert copy.user != session.user
    assert copy.token != session.token
    assert await run_cell(copy, "numbers.append('mine'); print(len(numbers))") == "1001\n"
    assert await run_cell(session, "print(len(numbers))") == "1000\n"
    assert len(await pods_of(copy, copy.member)) == len(await pods_of(session, session.member)) == 1
    assert (await record(session))["epoch"] == 1


async def test_a_copy_moves_as_any_session(members, session, copy):
    other = next(each for each in members.values() if each is not copy.member)
    await run_cell(copy, "numbers.append('mine')")
    await kubectl(copy.member, "delete", "pod", f"jupyter-{copy.user}", "--grace-period=30", "--wait=false")
    await moved_to(copy, other)
    assert await run_cell(copy, "print(numbers[-1])", member=other) == "mine\n"
    assert await run_cell(session, "print(len(numbers))") == "1000\n"


async def limit_of(session: Launched, member: Member) -> str:
    """The memory that its pod may have."""
    (pod,) = await pods_of(session, member)
    spec = json.loads(await kubectl(member, "get", pod, "-o", "json"))["spec"]
    return str(spec["containers"][0]["resources"]["limits"]["memory"])


async def test_a_session_goes_on_on_a_bigger_machine(members, session):
    async def offered() -> Any:
        return (await status(session))["offers"]

    offers = await until("the page knows what it may ask for", offered)
    assert ({each["name"] for each in offers["profiles"]}, offers["profile"]) == ({"small", "large"}, "small")
    await wish(session, "move", {"profile": "large"})
    await moved_to(session, members["b"])
    assert int(await limit_of(session, members["b"])) == 3 << 30
    await assert_lives_only_at(session, members["b"], [members["a"]])

    async def renewed() -> bool:
        return bool((await status(session, members["b"]))["offers"]["profile"] == "large")

    await until("the page knows that it is there", renewed)

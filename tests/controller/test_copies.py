"""A copy of a session is another session: its own server, key, token and ids, made of the newest snapshot. The first is not touched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from migrator.session import SessionRecords, phases
from migrator.session.sealing import unseal
from migrator.session.tokens import issue
from migrator.snapshot import SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage.opening import open_store
from tests.controller.conftest import SECRET, Federation, Member, call, options, until
from tests.controller.test_stops import stop

T = TypeVar("T")
KERNEL, ROW = "3f9d0a52-0000-4000-8000-00000000000a", "3f9d0a52-0000-4000-8000-00000000000b"
PART = f"kernel/{KERNEL}/part/1"
BODY = {
    "kernels": {KERNEL: {"parts": [PART], "prefix": f"kernel/{KERNEL}/", "boundary": {}}},
    "sessions": [{"id": ROW, "kernel": KERNEL, "path": "a.ipynb"}],
    "files": {"entries": [{"path": "a.ipynb"}]},
    "journal": {"epoch": 3, "seq": 17},
    "redo": [],
    "server": {"at": 1.0, "login": {"token": "first"}},
}


def with_store(federation: Federation, work: Callable[[SessionRecords], Awaitable[T]]) -> T:
    async def run() -> T:
        store = open_store(f"file://{federation.folder}/store")
        try:
            return await work(SessionRecords(store))
        finally:
            await store.close()

    return asyncio.run(run())


def saved(federation: Federation, session: str, text: bytes) -> None:
    """A real snapshot of this session; its tiny server has none."""

    async def work(records: SessionRecords) -> None:
        record = await records.get(session)
        keys = SessionKeys(unseal(SECRET.encode(), session, record.sealed).key)
        writer = SnapshotWriter(records.objects(session), keys, session, epoch=1)
        blob = writer.blob(PART)
        await blob.write(text)
        await blob.close()
        manifest = await writer.commit(BODY)
        await records.update(session, lambda fresh: phases.saved(fresh, manifest.snapshot, 7))

    with_store(federation, work)


def content(federation: Federation, session: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Of a session's first snapshot: body and blobs."""

    async def work(records: SessionRecords) -> tuple[dict[str, Any], dict[str, bytes]]:
        record, view = await records.get(session), records.objects(session)
        keys = SessionKeys(unseal(SECRET.encode(), session, record.sealed).key)
        reader = await open_snapshot(view, keys, session, str(record.snapshot))
        return reader.manifest.body, {name: await reader.read(name) for name in reader.manifest.blobs}

    return with_store(federation, work)


def pod(federation: Federation, member: Member, session: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A call of a session's own server to its gateway."""
    token = issue(SECRET.encode(), "session", session, federation.record(session)["epoch"])
    headers = {"Authorization": f"Bearer {token}"}
    return call("GET" if body is None else "POST", f"{member.gateway.url}/v1/session/{path}", body, headers=headers)


def copied(federation: Federation, member: Member, session: str) -> tuple[str, str]:
    """A copy's id and URL, once it is up."""
    status, data = pod(federation, member, session, "copies", {})
    assert status == 202, data

    def url() -> Any:
        state = pod(federation, member, session, f"copies/{data['copy']}")[1]
        assert state["state"] != "failed", state
        return state["url"]

    return data["copy"], until(url, lambda: json.dumps(federation.record(data["copy"]), indent=1))


def test_a_copy_is_another_session_of_the_same_state(federation: Federation) -> None:
    session = federation.launch("copied", federation.b)
    federation.b.put("copied", "mine", save=False)
    saved(federation, session, b"state" * 1000)
    before = federation.record(session)
    copy, url = copied(federation, federation.b, session)

    record, (body, blobs) = federation.record(copy), content(federation, copy)
    name = record["controller"]["name"]
    assert url == f"{federation.b.hub.public}/user/copied/{name}/?token={url.partition('?token=')[2]}"
    assert record["owner"]["member"] == "b"
    (kernel,) = body["kernels"]
    assert kernel != KERNEL
    assert blobs == {f"kernel/{kernel}/part/1": b"state" * 1000}
    assert body["sessions"] == [{"id": body["sessions"][0]["id"], "kernel": kernel, "path": "a.ipynb"}]
    assert body["sessions"][0]["id"] != ROW
    assert body["journal"] == {"epoch": 0, "seq": 0}
    assert body["server"]["copied"]["session"] == session
    assert "login" not in body["server"]
    sealed = [with_store(federation, lambda records, each=each: records.get(each)) for each in (session, copy)]
    first, second = (unseal(SECRET.encode(), each.id, each.sealed) for each in sealed)
    assert (first.key != second.key, first.token, second.token != "t") == (True, "t", True)
    assert second.user_options["token"] == second.token

    assert federation.record(session) == before
    assert federation.b.value("copied")[1]["value"] == "mine"
    assert call("GET", f"{federation.b.hub.public}/user/copied/{name}/api/value", headers={})[1]["state"] == "running"


def test_a_copy_is_suspended_and_comes_back_as_any_session_and_the_first_stays(federation: Federation) -> None:
    session = federation.launch("ends", federation.b)
    saved(federation, session, b"x")
    copy, _ = copied(federation, federation.b, session)
    name = federation.record(copy)["controller"]["name"]
    headers = {"Authorization": "token " + federation.b.hub.token}
    assert call("DELETE", f"{federation.b.hub.api}/users/ends/servers/{name}", headers=headers)[0] in {202, 204}
    federation.wait_for(copy, "suspended")
    federation.settled(copy)
    assert call("GET", f"{federation.b.hub.public}/user/ends/{name}/api/value", headers={})[1]["error"] == "resting"
    assert federation.b.value("ends")[0] == 200
    assert pod(federation, federation.b, session, f"copies/{copy}")[1]["state"] == "failed"
    assert federation.record(copy)["phase"] == "suspended", "a page that looks ends nothing"

    stop(federation.b, "ends")
    federation.wait_for(session, "suspended")
    assert federation.api(f"/v1/sessions/{copy}/resume", {"member": "b"}, at=federation.b)[0] == 202
    federation.wait_for(copy, "restored", 2)
    federation.settled(copy)
    assert federation.record(session)["phase"] == "suspended"


def test_what_stands_in_the_way_is_said(federation: Federation) -> None:
    session = federation.launch("refused")
    status, data = pod(federation, federation.a, session, "copies", {})
    assert (status, data["error"]) == (422, "no_snapshot")
    saved(federation, session, b"x")
    status, data = pod(federation, federation.a, session, "copies", {})
    state: dict[str, Any] = {}

    def told() -> bool:
        state.update(pod(federation, federation.a, session, f"copies/{data['copy']}")[1])
        return bool(state["reason"])

    until(told)
    assert "amed servers are not enabled" in state["reason"]
    until(lambda: told() and state["state"] == "failed", lambda: json.dumps(state))
    until(lambda: federation.record(data["copy"])["phase"] == "ended")
    assert federation.record(session)["phase"] == "active"


def test_there_are_no_more_copies_than_allowed_and_none_of_others(federation: Federation) -> None:
    session, other = federation.launch("many", federation.b), federation.launch("other", federation.b)
    saved(federation, session, b"x")
    copies = [copied(federation, federation.b, session)[0] for _ in range(2)]
    for each in (session, copies[0]):
        if each != session:
            saved(federation, each, b"y")
        status, data = pod(federation, federation.b, each, "copies", {})
        assert (status, data["error"]) == (422, "too_many")
    assert pod(federation, federation.b, other, f"copies/{copies[0]}")[0] == 404
    assert federation.api(f"/v1/sessions/{copies[0]}", method="DELETE", at=federation.b)[0] == 202
    assert copied(federation, federation.b, session)[0] not in copies


def test_a_copy_of_what_cannot_be_read_is_none(federation: Federation) -> None:
    session = federation.launch("damaged", federation.b)
    federation.b.put("damaged", "a tiny server's snapshot is no real one")
    copy = pod(federation, federation.b, session, "copies", {})[1]["copy"]
    until(lambda: pod(federation, federation.b, session, f"copies/{copy}")[1]["state"] == "failed")
    assert federation.record(copy)["phase"] == "ended"


def test_a_pod_speaks_of_its_own_session_only(federation: Federation) -> None:
    session = federation.launch("stranger")
    for path, body in [("offers", None), ("copies", {}), (f"copies/{session}", None), ("move", {"profile": "large"})]:
        headers = {"Authorization": "Bearer " + issue(SECRET.encode(), "session", session, 7)}
        url = f"{federation.a.gateway.url}/v1/session/{path}"
        assert call("GET" if body is None else "POST", url, body, headers=headers)[0] == 409, path


@pytest.mark.parametrize("name", ["nothing", "broken"])
def test_a_kind_of_machine_that_is_not_to_be_had_leaves_the_session_where_it_is(
    federation: Federation, name: str
) -> None:
    session = federation.launch(f"kind-{name}")
    federation.a.put(f"kind-{name}", "mine")
    status, data = pod(federation, federation.a, session, "move", {"profile": name})
    if name == "nothing":
        assert (status, data["error"]) == (422, "no_profile")
    else:
        assert status == 202
        federation.wait_for(session, "failed")
        record = federation.settled(session)
        assert record["phase"] == "active", json.dumps(record, indent=1)
        assert "profile" not in record["controller"]
    until(lambda: federation.a.value(f"kind-{name}")[1].get("value") == "mine")


def test_a_session_moves_to_another_kind_of_machine_and_keeps_to_it(federation: Federation) -> None:
    session = federation.launch("bigger", profile="small")
    federation.a.put("bigger", "mine")
    offers = {
        "copies": 2, "profile": "small",
        "profiles": [
            {"name": "small", "title": "Small"}, {"name": "large", "title": "Large"}, {"name": "broken", "title": "broken"},
        ],
    }  # fmt: skip
    assert pod(federation, federation.a, session, "offers") == (200, offers)
    assert pod(federation, federation.a, session, "move", {"profile": "large"}) == (202, {})
    federation.wait_for(session, "routed")
    federation.settled(session)
    assert options(federation.b, "bigger")["profile"] == "large"
    assert pod(federation, federation.b, session, "offers")[1]["profile"] == "large"
    until(lambda: federation.a.value("bigger")[1].get("value") == "mine")

    assert federation.api(f"/v1/sessions/{session}/move", {"target": "a"})[0] == 202
    federation.wait_for(session, "routed", 2)
    federation.settled(session)
    assert options(federation.a, "bigger")["profile"] == "large"

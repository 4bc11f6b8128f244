from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from migrator.session import phases
from migrator.storage.gateway import GatewayStore
from tests.gateway.conftest import KEY, Rig

SNAPSHOT = "0123456789abcdef0123456789abcdef"


async def ask(gateway: Rig, path: str, token: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    answer = await gateway.call("GET" if body is None else "POST", path, token, data)
    return answer.code, json.loads(answer.body)


async def test_a_pod_learns_who_it_is_and_gets_the_key(gateway: Rig) -> None:
    record = await gateway.session()
    status, data = await ask(gateway, "/v1/session", gateway.token(record))
    assert status == 200
    assert base64.b64decode(data.pop("key")) == KEY
    assert data == {
        "id": record.id, "epoch": 1, "phase": "starting", "role": "owner", "snapshot": None, "lease_s": 20.0,
        "restore": False, "logouts": [],
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "code"), [("control", 403, "denied"), (None, 401, "bad_token")])
async def test_no_key_for_another_kind_of_token(gateway: Rig, kind: str | None, status: int, code: str) -> None:
    record = await gateway.session()
    token = gateway.token(record, kind=kind) if kind else "v1.session.forged.1.x"
    assert (await ask(gateway, "/v1/session", token))[0] == status
    assert (await ask(gateway, "/v1/session", token))[1]["error"] == code


async def test_a_former_owner_and_a_future_one_get_no_key(gateway: Rig) -> None:
    record = await gateway.fenced(await gateway.moving())
    for epoch in (1, 3):
        status, data = await ask(gateway, "/v1/session", gateway.token(record, epoch))
        assert (status, data["error"], data["epoch"]) == (409, "fenced", 2)
        assert "key" not in data


async def test_a_standby_is_known_as_such_and_reports_its_address(gateway: Rig) -> None:
    record = await gateway.moving()
    token = gateway.token(record, 2)
    assert (await ask(gateway, "/v1/session", token))[1]["role"] == "standby"
    answer = await ask(gateway, "/v1/session/alive", token, {"address": "http://10.0.0.1:8888/", "pages": 0})
    assert answer[1]["role"] == "standby"
    target = (await gateway.records.get(record.id)).target
    assert target is not None
    assert target.address == "http://10.0.0.1:8888"


async def test_only_the_chosen_member_becomes_owner(make_gateway: Any) -> None:
    there, elsewhere = await make_gateway(member="b"), await make_gateway(member="c")
    record = await there.fenced(await there.moving())
    assert (await ask(there, "/v1/session", there.token(record)))[1]["role"] == "owner"
    assert (await ask(elsewhere, "/v1/session", there.token(record)))[1]["error"] == "fenced"


async def test_the_first_sign_of_life_makes_a_session_active_and_later_ones_write_nothing(gateway: Rig) -> None:
    record = await gateway.session()
    body = {"address": "http://127.0.0.1:4711", "server": "/user/x/", "state": "running", "pages": 1}
    status, data = await ask(gateway, "/v1/session/alive", gateway.token(record), body)
    assert (status, data) == (200, {"epoch": 1, "phase": "active", "role": "owner", "lease_s": 20.0, "logouts": []})
    first = await gateway.records.get(record.id)
    assert first.owner is not None
    assert first.owner.address == "http://127.0.0.1:4711"
    await ask(gateway, "/v1/session/alive", gateway.token(record), body)
    assert await gateway.records.get(record.id) == first


async def test_a_server_that_is_told_to_stop_is_noted_once_and_for_this_server_only(gateway: Rig) -> None:
    record = await gateway.session()
    body = {"address": "http://127.0.0.1:4711", "server": "/user/x/", "state": "running"}
    for state in ("running", "stopping", "stopping"):
        await ask(gateway, "/v1/session/alive", gateway.token(record), {**body, "state": state})
    stopped = await gateway.records.get(record.id)
    assert phases.is_stopping(stopped)
    assert [each.event for each in stopped.timeline].count("stopping") == 1
    await ask(gateway, "/v1/session/alive", gateway.token(record), {**body, "address": "http://127.0.0.1:4712"})
    assert not phases.is_stopping(await gateway.records.get(record.id))


async def test_a_former_owner_learns_it_at_once(gateway: Rig) -> None:
    record = await gateway.moving()
    await ask(gateway, "/v1/session/alive", gateway.token(record), {})
    await gateway.fenced(record)
    status, data = await ask(gateway, "/v1/session/alive", gateway.token(record), {})
    assert (status, data["error"], data["epoch"]) == (409, "fenced", 2)


async def test_a_page_that_returns_is_noted_once(gateway: Rig) -> None:
    record = await gateway.session()
    await gateway.records.update(record.id, lambda r: phases.noted(r, "routed"))
    for pages in (0, 1, 2):
        await ask(gateway, "/v1/session/alive", gateway.token(record), {"pages": pages})
    events = [event.event for event in (await gateway.records.get(record.id)).timeline]
    assert events == ["routed", "page-back"]


async def test_a_snapshot_counts_when_its_manifest_is_stored(gateway: Rig) -> None:
    record = await gateway.session()
    body = {"snapshot": SNAPSHOT, "state_bytes": 7, "events": [{"at": 5.0, "event": "durable", "detail": {"b": 1}}]}
    assert (await ask(gateway, "/v1/session/snapshot", gateway.token(record), body))[0] == 412
    store: GatewayStore = gateway.store(record)
    await store.put(f"manifests/{SNAPSHOT}", b"manifest")
    assert (await ask(gateway, "/v1/session/snapshot", gateway.token(record), body))[0] == 200
    after = await gateway.records.get(record.id)
    assert (after.snapshot, after.state_bytes, after.timeline[0].event) == (SNAPSHOT, 7, "durable")
    await store.close()


async def test_neither_a_former_owner_nor_a_standby_can_name_a_snapshot(gateway: Rig) -> None:
    record = await gateway.moving()
    store = gateway.store(record)
    await store.put(f"manifests/{SNAPSHOT}", b"manifest")
    body = {"snapshot": SNAPSHOT}
    assert (await ask(gateway, "/v1/session/snapshot", gateway.token(record, 2), body))[1]["error"] == "denied"
    await gateway.fenced(record)
    assert (await ask(gateway, "/v1/session/snapshot", gateway.token(record, 1), body))[1]["error"] == "fenced"
    assert (await gateway.records.get(record.id)).snapshot is None
    await store.close()


@pytest.mark.parametrize("snapshot", [None, "../../x", "A" * 32, "0" * 31, 5])
async def test_no_other_names_for_snapshots(gateway: Rig, snapshot: Any) -> None:
    record = await gateway.session()
    status, data = await ask(gateway, "/v1/session/snapshot", gateway.token(record), {"snapshot": snapshot})
    assert (status, data["error"]) == (400, "bad_name")


@pytest.mark.parametrize("body", [b"[", b"[]", b'{"address": "ftp://x"}', b'{"address": 5}'])
async def test_bad_bodies_are_told(gateway: Rig, body: bytes) -> None:
    record = await gateway.session()
    answer = await gateway.call("POST", "/v1/session/alive", gateway.token(record), body)
    assert (answer.code, json.loads(answer.body)["error"]) == (400, "bad_body")

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from migrator.gateway.app import start
from migrator.gateway.settings import Gateway
from migrator.session import phases
from migrator.storage.errors import Conflict, Denied, Fenced, NotFound, QuotaExceeded
from tests.gateway.conftest import Rig
from tests.rigs.ports import free_ports

PACK = "packs/" + "0" * 32


async def test_objects_are_written_read_listed_and_deleted(gateway: Rig) -> None:
    record = await gateway.session()
    store = gateway.store(record)
    etag = await store.put(PACK, b"0123456789", if_absent=True)
    assert await store.get_with_etag(PACK) == (b"0123456789", etag)
    assert await store.get(PACK, start=3, length=4) == b"3456"
    assert await store.get(PACK, start=8, length=99) == b"89"
    assert await store.get(PACK, start=10, length=5) == b""
    assert (await store.head(PACK)).size == 10
    assert [info.key async for info in store.list("")] == [PACK]
    with pytest.raises(Conflict):
        await store.put(PACK, b"other", if_absent=True)
    await store.delete(PACK)
    await store.delete(PACK)
    with pytest.raises(NotFound):
        await store.get(PACK)
    await store.close()


async def test_sessions_do_not_see_each_other(gateway: Rig) -> None:
    mine, theirs = gateway.store(await gateway.session()), gateway.store(await gateway.session())
    await theirs.put(PACK, b"secret")
    with pytest.raises(NotFound):
        await mine.get(PACK)
    assert [info async for info in mine.list("")] == []
    await mine.close()
    await theirs.close()


async def test_a_former_owner_writes_and_deletes_nothing(gateway: Rig) -> None:
    record = await gateway.moving()
    store = gateway.store(record)
    await store.put(PACK, b"x")
    await gateway.fenced(record)
    await asyncio.sleep(0.4)  # past the age of cached records
    for call in (store.put(PACK, b"y" * 5_000_000), store.delete(PACK), store.get(PACK)):
        with pytest.raises(Fenced) as caught:
            await call
        assert caught.value.epoch == 2
    await store.close()


async def test_a_fence_during_the_upload_is_told_before_the_answer(gateway: Rig) -> None:
    record = await gateway.moving()
    url = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"PUT /v1/objects/{PACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token(record)}\r\n"
    writer.write(head.encode() + b"Content-Length: 10\r\n\r\n01234")
    await writer.drain()
    await until_held(gateway, 10)
    await gateway.fenced(record)
    writer.write(b"56789")
    assert b" 409 " in await reader.readline()
    writer.close()


async def test_a_standby_reads_and_does_not_write(gateway: Rig) -> None:
    record = await gateway.moving()
    owner, standby = gateway.store(record), gateway.store(record, 2)
    await owner.put(PACK, b"x")
    assert await standby.get(PACK) == b"x"
    for call in (standby.put(PACK, b"y"), standby.delete(PACK)):
        with pytest.raises(Denied):
            await call
    await owner.close()
    await standby.close()


async def test_an_ended_session_is_closed_to_everybody(gateway: Rig) -> None:
    record = await gateway.session()
    await gateway.records.update(record.id, phases.end)
    store = gateway.store(record)
    with pytest.raises(Fenced):
        await store.put(PACK, b"x")
    await store.close()


@pytest.mark.parametrize(
    "path", ["packs/..%2f..%2frecord", "packs/x", "packs/" + "0" * 31 + "%0a", "journal/00000002-00000001", "record"]
)
async def test_no_other_names(gateway: Rig, path: str) -> None:
    record = await gateway.session()
    answer = await gateway.call("PUT", f"/v1/objects/{path}", gateway.token(record), b"x")
    assert answer.code in {400, 404}
    assert not list(gateway.folder.rglob("*" + "0" * 31 + "*"))


async def test_the_quota_counts_what_is_stored(make_gateway: Callable[..., Any]) -> None:
    gateway = await make_gateway(quota=100)
    store = gateway.store(await gateway.session())
    with pytest.raises(QuotaExceeded):
        await store.put(PACK, b"x" * 101)
    await store.put("packs/" + "1" * 32, b"x" * 10)
    with pytest.raises(QuotaExceeded, match="MiB"):
        await store.put(PACK, b"x" * 95)
    await store.close()


async def test_an_object_that_is_too_large_is_refused_with_an_answer(make_gateway: Callable[..., Any]) -> None:
    gateway = await make_gateway(object_limit=1000)
    record = await gateway.session()
    answer = await gateway.call("PUT", f"/v1/objects/{PACK}", gateway.token(record), b"x" * 2000)
    assert (answer.code, json.loads(answer.body)["error"]) == (413, "quota")


async def test_a_sender_that_goes_away_gives_its_memory_back(gateway: Rig) -> None:
    record = await gateway.session()
    url = urlsplit(gateway.url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"PUT /v1/objects/{PACK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token(record)}\r\n"
    writer.write(head.encode() + b"Content-Length: 1000\r\n\r\n01234")
    await until_held(gateway, 1000)
    writer.close()
    await until_held(gateway, 0)
    store = gateway.store(record)
    with pytest.raises(NotFound):
        await store.head(PACK)
    await store.close()


async def test_more_uploads_than_memory_take_turns(make_gateway: Callable[..., Any]) -> None:
    gateway = await make_gateway(memory_budget=1_000_000)
    store = gateway.store(await gateway.session())
    names = [f"packs/{number:032x}" for number in range(20)]
    await asyncio.gather(*(store.put(name, bytes(400_000)) for name in names))
    assert [info.key async for info in store.list("packs/")] == names
    assert b"migrator_gateway_body_bytes 0.0" in await metrics_of(gateway)
    await store.close()


async def test_a_store_that_is_down_is_503_with_retry_after(make_gateway: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    gateway = await make_gateway()
    record = await gateway.session()
    nobody = f"s3://bucket/?endpoint=http://127.0.0.1:{free_ports(1)[0]}"
    service = await start(Gateway(store=nobody, secret_file=str(gateway.folder.parent / "secret")))
    down = replace(gateway, url=service.url)
    answer = await down.call("GET", f"/v1/objects/{PACK}", gateway.token(record))
    assert (answer.code, json.loads(answer.body)["error"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    await service.stop()


async def until_held(gateway: Rig, size: int) -> None:
    async with asyncio.timeout(60):
        while b"migrator_gateway_body_bytes %.1f" % size not in await metrics_of(gateway):
            await asyncio.sleep(0.02)


async def metrics_of(gateway: Rig) -> bytes:
    return (await gateway.call("GET", "/metrics", "none")).body

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from migrator.storage import (
    Conflict,
    Denied,
    Fenced,
    QuotaExceeded,
    StorageError,
    StoreFull,
    StoreUnavailable,
)
from migrator.storage.gateway import GatewayStore
from tests.rigs.object_gateway import TOKEN, ObjectGateway, object_gateway
from tests.rigs.ports import free_ports


@pytest.fixture
async def gateway() -> AsyncIterator[ObjectGateway]:
    async with object_gateway() as running:
        yield running


@pytest.fixture
async def store(gateway: ObjectGateway) -> AsyncIterator[GatewayStore]:
    opened = GatewayStore(gateway.url, TOKEN)
    yield opened
    await opened.close()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_may_work_later_is_repeated(gateway: ObjectGateway, store: GatewayStore, status: int):
    gateway.refuse = [status, status]
    await store.put("packs/a", b"x")
    assert await gateway.store.get("packs/a") == b"x"
    assert gateway.requests == 3


async def test_a_lost_answer_is_no_conflict_with_oneself(gateway: ObjectGateway, store: GatewayStore):
    gateway.lose = 1
    etag = await store.put("manifests/a", b"mine", if_absent=True)
    assert (await store.head("manifests/a")).etag == etag


async def test_a_lost_answer_and_another_s_object_is_a_conflict(gateway: ObjectGateway, store: GatewayStore):
    await gateway.store.put("manifests/a", b"theirs")
    gateway.refuse = [503]
    with pytest.raises(Conflict):
        await store.put("manifests/a", b"mine", if_absent=True)
    assert await store.get("manifests/a") == b"theirs"


async def test_reading_goes_on_after_a_lost_answer(gateway: ObjectGateway, store: GatewayStore):
    await store.put("packs/a", b"hello")
    gateway.lose = 2
    assert await store.get("packs/a", start=1, length=3) == b"ell"


async def test_the_deadline_bounds_all(gateway: ObjectGateway):
    store = GatewayStore(gateway.url, TOKEN, deadline_s=0.5)
    gateway.refuse = [503] * 1000
    with pytest.raises(StoreUnavailable, match=r"did not do GET packs/a in 0.5 s: 503") as error:
        await store.get("packs/a")
    assert error.value.retryable
    await store.close()


async def test_nobody_there():
    (port,) = free_ports(1)
    store = GatewayStore(f"http://127.0.0.1:{port}", TOKEN, deadline_s=0.5)
    with pytest.raises(StoreUnavailable, match="refused"):
        await store.get("packs/a")
    await store.close()


async def test_a_former_owner_is_told_at_once(gateway: ObjectGateway, store: GatewayStore):
    gateway.fenced_by = 7
    with pytest.raises(Fenced) as error:
        await store.put("packs/a", b"x")
    assert error.value.epoch == 7
    assert not error.value.retryable
    assert gateway.requests == 1


async def test_a_wrong_token(gateway: ObjectGateway):
    store = GatewayStore(gateway.url, "another")
    with pytest.raises(Denied, match="the gateway says bad_token"):
        await store.get("packs/a")
    await store.close()


@pytest.mark.parametrize("error", [QuotaExceeded, StoreFull, Denied])
async def test_what_the_gateway_refuses(gateway: ObjectGateway, store: GatewayStore, error: type[StorageError]):
    gateway.fail_with = error("no")
    with pytest.raises(error, match="packs/a: the gateway says"):
        await store.put("packs/a", b"x")
    assert gateway.requests == 1


async def test_kinds_that_are_not_the_pod_s_are_not_listed(gateway: ObjectGateway, store: GatewayStore):
    await gateway.store.put("record", b"{}")
    await store.put("packs/a", b"x")
    assert [info.key async for info in store.list("")] == ["packs/a"]
    assert [info async for info in store.list("record")] == []

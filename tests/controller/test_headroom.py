"""How many sessions fit, by what an API server tells of nodes and pods. (A real one is asked in tests/kubernetes.)"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.client import Configuration
from tornado.web import RequestHandler

from migrator.controller.headroom import Headroom
from migrator.controller.needs import Needs
from migrator.controller.settings import Controller
from migrator.notice.kubernetes_api import KubernetesApi
from tests.rigs.answering import answering

LIMIT_S = 60.0
SIZE = Needs(0.1, 1e9)
USERS = {"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"}


class Cluster(RequestHandler):
    """Lists what the test put here; its watches tell of `later` and end when the client does."""

    objects: dict[str, list[dict[str, Any]]]
    later: asyncio.Queue[dict[str, Any]]
    asked: list[str]

    async def get(self) -> None:
        kind = self.request.path.rsplit("/", 1)[1]
        if not self.get_query_argument("watch", ""):
            self.asked.append(self.request.uri or "")
            self.finish({"items": self.objects[kind], "metadata": {"resourceVersion": "1"}})
            return
        while True:
            change = await self.later.get() if kind == "pods" else await asyncio.Event().wait()
            self.write(json.dumps(change) + "\n")
            await self.flush()


@pytest.fixture
async def api() -> AsyncIterator[KubernetesApi]:
    Cluster.objects, Cluster.later, Cluster.asked = {"nodes": [node("n1")], "pods": []}, asyncio.Queue(), []
    async with answering(Cluster) as url:
        api = KubernetesApi(Configuration(host=url))
        yield api
        await api.close()


def node(name: str, *taints: dict[str, str], ready: str = "True", **more: Any) -> dict[str, Any]:
    """Room for four of SIZE by memory, ten by processors, five by pods."""
    spec = {"taints": list(taints), **more.get("spec", {})}
    allocatable = {"cpu": "1", "memory": "4G", "pods": "5"}
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "metadata": {"name": name, "uid": name, "labels": more.get("labels", {}), "resourceVersion": "1"},
        "spec": spec,
        "status": {"allocatable": allocatable, "conditions": conditions},
    }


def pod(uid: str, on: str = "", memory: str = "1G", **spec: Any) -> dict[str, Any]:
    container = {"resources": {"requests": {"memory": memory}}}
    where = {"nodeName": on} if on else {}
    return {"metadata": {"uid": uid, "resourceVersion": "2"}, "spec": {"containers": [container], **where, **spec}}


@contextlib.asynccontextmanager
async def watching(api: KubernetesApi, **settings: Any) -> AsyncIterator[Headroom]:
    """A headroom that has heard of everything."""
    headroom = Headroom(api, Controller(member="a", namespace="n", **settings))
    assert headroom.fits(SIZE) is None
    task = asyncio.create_task(headroom.run())
    try:
        await until(headroom, lambda fits: fits is not None)
        yield headroom
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(headroom: Headroom, wanted: Any) -> int | None:
    async with asyncio.timeout(LIMIT_S):
        while not wanted(headroom.fits(SIZE)):
            await asyncio.sleep(0.02)
    return headroom.fits(SIZE)


@pytest.mark.parametrize(
    ("nodes", "settings", "fits"),
    [
        ([node("n1"), node("n2")], {}, 8),
        ([node("n1", ready="Unknown")], {}, 0),
        ([node("n1", spec={"unschedulable": True})], {}, 0),
        ([node("n1", {"key": "gpu", "effect": "NoSchedule"})], {}, 0),
        ([node("n1", {"key": "gpu", "effect": "PreferNoSchedule"})], {}, 4),
        ([node("n1", {**USERS, "operator": ""})], {"user_tolerations": [USERS]}, 4),
        ([node("n1"), node("n2", labels={"pool": "users"})], {"user_node_selector": {"pool": "users"}}, 4),
    ],
    ids=["all", "not ready", "cordoned", "tainted", "only rather not", "tolerated", "of the users' pool"],
)
async def test_nodes_that_count(api: KubernetesApi, nodes: list[Any], settings: dict[str, Any], fits: int) -> None:
    Cluster.objects["nodes"] = nodes
    async with watching(api, **settings) as headroom:
        assert headroom.fits(SIZE) == fits


@pytest.mark.parametrize(
    ("pods", "fits"),
    [
        ([pod("p1", "n1", "1500M")], 2),
        ([pod("p1", "n1", "0"), pod("p2", "n1", "0"), pod("p3", "n1", "0")], 2),
        ([pod("p1", "n1", "5G")], 0),
        ([pod("p1", "elsewhere", "4G")], 4),
        ([pod("p1")], 3),
        ([pod("p1", "n1", priority=-10)], 4),
    ],
    ids=["its requests", "its place", "more than there is", "another node's", "not scheduled yet", "a placeholder"],
)
async def test_what_pods_take(api: KubernetesApi, pods: list[Any], fits: int) -> None:
    Cluster.objects["pods"] = pods
    async with watching(api) as headroom:
        assert headroom.fits(SIZE) == fits


async def test_it_keeps_up(api: KubernetesApi) -> None:
    async with watching(api) as headroom:
        Cluster.later.put_nowait({"type": "ADDED", "object": pod("p1", "n1", "3G")})
        assert await until(headroom, lambda fits: fits != 4) == 1
        Cluster.later.put_nowait({"type": "DELETED", "object": pod("p1", "n1", "3G")})
        assert await until(headroom, lambda fits: fits != 1) == 4


async def test_a_session_of_unknown_size_needs_a_place_and_something_left(api: KubernetesApi) -> None:
    async with watching(api) as headroom:
        assert headroom.fits(Needs()) == 5


@pytest.mark.parametrize(("shared", "path"), [(False, "/api/v1/namespaces/n/pods"), (True, "/api/v1/pods")])
async def test_other_namespaces_count_where_nodes_are_shared(api: KubernetesApi, shared: bool, path: str) -> None:
    async with watching(api, nodes_are_shared=shared):
        assert path in {uri.split("?")[0] for uri in Cluster.asked}

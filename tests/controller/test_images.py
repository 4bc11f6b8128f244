"""A standby whose image is not to be had: refused, or given the nearest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from kubernetes.aio.client import Configuration
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from migrator.controller.images import Images, is_missing, running_image
from migrator.controller.index import Index
from migrator.controller.marks import image_of, needs_of, with_image, with_needs
from migrator.controller.needs import Needs
from migrator.controller.peers import Peers
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.tools import Tools
from migrator.launch.errors import NoImage, SpawnFailed
from migrator.notice.kubernetes_api import KubernetesApi
from migrator.session import Owner, Record, SessionRecords
from migrator.storage import open_store

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-session-of-an-image"
NAME, DIGEST = "registry.example.org/repo:abc", "registry.example.org/repo@sha256:" + "1" * 64


def pod(image: str, state: dict[str, Any], **status: Any) -> dict[str, Any]:
    """The session's pod with its one container in this state."""
    return {
        "metadata": {
            "name": "jupyter-x",
            "namespace": "n",
            "uid": "u",
            "labels": {"session-migrator/session": SESSION},
        },
        "spec": {"containers": [{"name": "notebook", "image": image}]},
        "status": {"containerStatuses": [{"name": "notebook", "image": image, "state": state, **status}]},
    }


WAITING = {"waiting": {"reason": "ErrImagePull"}}
RUNNING: dict[str, Any] = {"running": {}}


@pytest.mark.parametrize(
    ("image_id", "known"),
    [(DIGEST, DIGEST), (f"docker-pullable://{DIGEST}", DIGEST), ("sha256:" + "1" * 64, ""), ("", "")],
)
def test_what_a_pod_runs(image_id: str, known: str) -> None:
    assert running_image(pod(NAME, RUNNING, imageID=image_id)) == known


def test_only_the_image_that_is_asked_for_now_is_missing() -> None:
    assert is_missing(pod(DIGEST, WAITING))
    assert not is_missing(pod(DIGEST, {"waiting": {"reason": "ContainerCreating"}}))
    before = pod(DIGEST, WAITING)
    before["spec"]["containers"][0]["image"] = NAME
    assert not is_missing(before)


@pytest.fixture
async def patched() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An API server that takes patches; its URL, and what it got."""
    got: list[bytes] = []

    class Patch(RequestHandler):
        def patch(self) -> None:
            got.append(self.request.body)
            self.finish(pod(NAME, {"waiting": {"reason": "ContainerCreating"}}))

    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r".*", Patch)]))
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}", got
    server.stop()
    await server.close_all_connections()


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    records = SessionRecords(open_store("memory:"))
    peers, pods = Peers({}, SECRET), Pods(SECRET)
    yield Tools(
        Controller(member="a"), records, Index(records), peers, pods, Tools.outcome_counter(CollectorRegistry())
    )
    pods.close()
    peers.close()


async def session(tools: Tools) -> Record:
    owner = Owner("a", "/user/x/", "http://10.0.0.9:8888", 0.0)
    return await tools.records.create(Record(SESSION, 1, "active", owner=owner, user="x"))


async def images(tools: Tools, url: str, *pods: dict[str, Any]) -> AsyncIterator[Images]:
    api = KubernetesApi(Configuration(host=url))
    yield Images(api, tools, lambda _: list(pods))
    await api.close()


async def test_the_record_learns_what_its_pod_runs_and_asks_for(tools: Tools) -> None:
    await session(tools)
    running = pod(NAME, RUNNING, imageID=DIGEST)
    running["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "10m", "memory": "450M"}}
    async for found in images(tools, "http://127.0.0.1:1"):
        await found.seen(running)
    record = await tools.records.get(SESSION)
    assert image_of(record) == {"name": NAME, "digest": DIGEST}
    assert needs_of(record) == Needs(0.01, 450e6)


async def test_it_learns_anew_what_another_pod_asks_for_and_keeps_the_image(tools: Tools) -> None:
    await session(tools)
    await tools.update(SESSION, lambda record: with_needs(with_image(record, NAME, DIGEST), Needs(1.0, 1e9)))
    async for found in images(tools, "http://127.0.0.1:1"):
        await found.seen(pod("another", RUNNING, imageID=DIGEST.replace("1", "2")))
    record = await tools.records.get(SESSION)
    assert (image_of(record), needs_of(record)) == ({"name": NAME, "digest": DIGEST}, Needs())


async def test_a_standby_is_no_place_to_learn_from_yet(tools: Tools) -> None:
    record = await session(tools)
    await tools.update(SESSION, lambda fresh: replace(fresh, owner=Owner("elsewhere", "/user/x/")))
    running = pod(NAME, RUNNING, imageID=DIGEST)
    async for found in images(tools, "http://127.0.0.1:1"):
        await found.seen(running)
        assert image_of(await tools.records.get(SESSION)) is None
        await tools.update(SESSION, lambda fresh: replace(fresh, owner=record.owner))
        await found.seen(running)
    assert image_of(await tools.records.get(SESSION)) == {"name": NAME, "digest": DIGEST}


async def test_the_nearest_takes_the_place_of_a_digest_that_is_not_there(
    tools: Tools, patched: tuple[str, list[bytes]]
) -> None:
    url, got = patched
    record = with_image(await session(tools), NAME, DIGEST)
    ready = asyncio.Event()

    async def launch() -> None:
        await asyncio.wait_for(ready.wait(), 60)

    async for found in images(tools, url, pod(DIGEST, WAITING)):
        providing = asyncio.create_task(found.provide(record, launch()))
        while not (await tools.records.get(SESSION)).timeline:
            await asyncio.sleep(0.05)
        ready.set()
        await providing
    assert [NAME.encode() in body for body in got] == [True]
    told = (await tools.records.get(SESSION)).timeline[0]
    assert (told.event, told.detail) == ("image", {"member": "a", "wanted": DIGEST, "used": NAME})


async def test_where_only_the_same_will_do_the_standby_is_refused(tools: Tools) -> None:
    tools.settings.same_image_only = True
    record = with_image(await session(tools), NAME, DIGEST)
    async for found in images(tools, "http://127.0.0.1:1", pod(DIGEST, WAITING)):
        with pytest.raises(NoImage, match=f"{DIGEST} is not to be had on a"):
            await found.provide(record, asyncio.sleep(60))


async def test_a_launch_that_fails_by_itself_says_why(tools: Tools) -> None:
    async def launch() -> None:
        raise SpawnFailed("no room on any node")

    async for found in images(tools, "http://127.0.0.1:1"):
        with pytest.raises(SpawnFailed, match="no room on any node"):
            await found.provide(await session(tools), launch())

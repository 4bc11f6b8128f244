"""What the controller makes of an API server that refuses, stutters or vanishes. (A well one is met in tests/kubernetes.)"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.client import Configuration
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError

PATH = "/api/v1/pods"


class ApiServer:
    """Answers with what the test put here, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.lines, self.asked = 200, [b"{}"], []
        self.breaks_off = False


class Answer(RequestHandler):
    async def get(self) -> None:
        script: ApiServer = self.application.settings["script"]
        script.asked.append(self.request)
        self.set_status(script.status)
        for line in script.lines:
            self.write(line)
            await self.flush()
        if script.breaks_off:
            self.request.connection.stream.close()

    post = patch = get


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    script = ApiServer()
    http = HTTPServer(Application([(".*", Answer)], script=script))
    socket, script.port = bind_unused_port()
    http.add_sockets([socket])
    yield script
    http.stop()
    await http.close_all_connections()


@pytest.fixture
async def api(server) -> AsyncIterator[KubernetesApi]:
    configuration = Configuration(host=f"http://127.0.0.1:{server.port}", api_key={"BearerToken": "bearer t"})
    api = KubernetesApi(configuration)
    yield api
    await api.close()


async def changes(api: KubernetesApi) -> list[dict[str, Any]]:
    return [change async for change in api.watch(PATH, "5", labelSelector="a=b")]


async def test_a_call_carries_token_body_and_kind(server, api):
    server.lines = [b'{"items": []}']
    assert await api.call("PATCH", PATH, {"a": None}, kind="application/merge-patch+json") == {"items": []}
    (asked,) = server.asked
    assert (asked.method, asked.path, json.loads(asked.body)) == ("PATCH", PATH, {"a": None})
    assert asked.headers["Authorization"] == "bearer t"
    assert asked.headers["Content-Type"] == "application/merge-patch+json"


async def test_a_refusal_has_the_servers_words(server, api):
    server.status, server.lines = 409, [b'{"message": "the object has been modified"}']
    with pytest.raises(KubernetesError, match="the object has been modified") as refused:
        await api.call("POST", PATH, {})
    assert refused.value.status == 409


async def test_a_refusal_by_a_proxy_is_shown_as_it_is(server, api):
    server.status, server.lines = 502, [b"<html>bad gateway"]
    with pytest.raises(KubernetesError, match=r"answered 502: b'<html>bad gateway'"):
        await api.call("GET", PATH)


async def test_no_server(server, api):
    api_of_nobody = KubernetesApi(Configuration(host="http://127.0.0.1:9"))
    with pytest.raises(KubernetesError, match="does not answer") as refused:
        await api_of_nobody.call("GET", PATH)
    assert refused.value.status == 0
    await api_of_nobody.close()


async def test_a_watch_gives_change_after_change(server, api):
    server.lines = [b'{"type": "ADDED", "object": {"n"', b': 1}}\n{"type": "BOOKMARK", "object": {"n": 2}}\n']
    assert [(each["type"], each["object"]["n"]) for each in await changes(api)] == [("ADDED", 1), ("BOOKMARK", 2)]
    (asked,) = server.asked
    assert {"labelSelector", "resourceVersion", "watch", "timeoutSeconds"} <= set(asked.arguments)


async def test_a_watch_from_too_long_ago_says_gone(server, api):
    server.lines = [b'{"type": "ERROR", "object": {"code": 410, "message": "too old resource version"}}\n']
    with pytest.raises(KubernetesError, match="too old") as refused:
        await changes(api)
    assert refused.value.status == 410


async def test_a_watch_that_is_refused(server, api):
    server.status, server.lines = 403, [b'{"message": "pods is forbidden"}']
    with pytest.raises(KubernetesError, match="forbidden"):
        await changes(api)


async def test_a_watch_that_breaks_off_is_told_from_one_that_ran_out(server, api):
    server.lines, server.breaks_off = [b'{"type": "ADDED", "object": {"n": 1}}\n'], True
    with pytest.raises(KubernetesError, match="does not answer"):
        await changes(api)


async def test_outside_a_cluster_there_is_none(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert KubernetesApi.in_cluster() is None

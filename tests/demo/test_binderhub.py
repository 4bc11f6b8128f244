"""The stand-in speaks as BinderHub does, with a real hub behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from migrator.demo.binderhub.__main__ import application
from migrator.demo.http import fetch
from migrator.demo.nodejs import proxy_command
from tests.rigs.small_hub import TOKEN, SmallHub, small_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[SmallHub]:
    with small_hub(tmp_path_factory.mktemp("hub"), proxy_command()) as running:
        yield running


@pytest.fixture
def machine_file(tmp_path) -> Path:
    path = tmp_path / "machine"
    path.write_text("mark")
    return path


def serve(hub: SmallHub, machine_file: Path, token: str) -> tuple[str, HTTPServer]:
    sock, port = bind_unused_port()
    settings = {"hub_api": hub.api, "hub_public": hub.public, "token": token, "machine_file": str(machine_file)}
    server = HTTPServer(application(settings))
    server.add_socket(sock)
    return f"http://127.0.0.1:{port}", server


@pytest.fixture
async def binderhub(hub, machine_file) -> AsyncIterator[str]:
    url, server = serve(hub, machine_file, TOKEN)
    yield url
    server.stop()


async def events(url: str, path: str) -> list[dict]:
    body = (await fetch(url + path)).body.decode()
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line.startswith("data: ")]


async def test_a_launch_gives_a_new_user_with_its_token_and_image(binderhub, hub):
    seen = await events(binderhub, "/build/gh/Org/Repo/main")
    assert [each["phase"] for each in seen if each["phase"] != "launching"] == ["built", "ready"]
    ready = seen[-1]
    user = urlsplit(ready["url"]).path.strip("/").removeprefix("user/")
    assert user.startswith("org-repo-")
    assert ready["image"] == "demo/org-repo:main"
    listed = await fetch(f"{hub.api}/users/{user}", token=TOKEN, scheme="token")
    options = json.loads(listed.body)["servers"][""]["user_options"]
    assert options["token"] == ready["token"]
    assert options["image"] == ready["image"]
    assert options["binder_request"] == "v2/gh/Org/Repo/main"
    assert hub.get(f"/user/{user}/api")[0] == 200


async def test_two_launches_are_two_users(binderhub):
    urls = {(await events(binderhub, "/build/gh/org/repo/HEAD"))[-1]["url"] for _ in range(2)}
    assert len(urls) == 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/build/gl/org/repo/HEAD", "No provider found for prefix gl"),
        ("/build/gh/org/repo", "Spec is not of the form org/repo/ref"),
        ("/build/gh/org/re%0apo/HEAD", "Spec is not of the form org/repo/ref"),
    ],
)
async def test_a_bad_link_fails_with_a_reason(binderhub, path, message):
    seen = await events(binderhub, path)
    assert [each["phase"] for each in seen] == ["failed"]
    assert message in seen[0]["message"]


async def test_a_hub_that_refuses_is_told_to_the_page(hub, machine_file):
    url, server = serve(hub, machine_file, "wrong" * 8)
    seen = await events(url, "/build/gh/org/repo/HEAD")
    assert seen[-1] == {"phase": "failed", "message": "the hub answered 403 to POST users\n"}
    server.stop()


async def test_health_counts_servers_and_knows_of_the_machine(binderhub, machine_file):
    answer = await fetch(f"{binderhub}/health")
    checks = {each["service"]: each for each in json.loads(answer.body)["checks"]}
    assert answer.code == 200
    assert set(checks) == {"JupyterHub API", "Docker registry", "Pod quota"}
    machine_file.unlink()
    answer = await fetch(f"{binderhub}/health")
    quota = next(each for each in json.loads(answer.body)["checks"] if each["service"] == "Pod quota")
    assert quota["quota"] == 0


async def test_a_link_is_a_page_that_builds_where_it_came_from(binderhub):
    page = await fetch(f"{binderhub}/v2/gh/org/repo/HEAD?urlpath=lab")
    assert page.code == 200
    assert 'new EventSource("/build"' in page.body.decode()

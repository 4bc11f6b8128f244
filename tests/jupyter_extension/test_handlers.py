"""The HTTP face: who may call what, what bad input gets, and that its description is true."""

from __future__ import annotations

import json
import re
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any

import pytest
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_extension.control_handlers import ControlHandler
from jupyter_extension.handlers import ROUTES
from tests.jupyter_extension.described import METHODS, OPENAPI, described
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import TOKEN

KERNEL = "00000000-0000-4000-8000-000000000000"


def test_the_description_and_the_handlers_agree() -> None:
    served = {
        "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path): {m for m in METHODS if m in vars(handler)}
        for path, handler in ROUTES
    }
    assert served == described()
    for path, handler in ROUTES:
        described_path = "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path)
        for method in served[described_path]:
            only_control = OPENAPI["paths"][described_path][method].get("security") == [{"control": []}]
            assert only_control == issubclass(handler, ControlHandler), path


async def test_nobody_unknown_gets_in_and_the_page_is_no_controller(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    for path, methods in described().items():
        url = "migrator" + path.replace("{kernel_id}", KERNEL).replace("{upload}", "0" * 32).replace(
            "{copy}", "a-copy-of-it"
        )
        for method in methods:
            for token, scheme in [(None, ""), ("wrong", "token"), ("wrong", "Bearer")]:
                answer = await a.call(method.upper(), url, token=token, scheme=scheme)
                assert answer.code in (401, 403), (path, token, answer.code)
            if OPENAPI["paths"][path][method].get("security") == [{"control": []}]:
                assert (await a.call(method.upper(), url)).code == 401, path
    with pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed")
    assert (await a.status())["state"] == "running"


async def test_a_browsers_cookie_alone_changes_nothing(rig: Rig) -> None:
    """As with any Jupyter API: another site's form brings the cookie along, but cannot know the `_xsrf`."""
    a = await rig.server("a")
    await rig.in_state(a, "running")
    jar = SimpleCookie()
    for url in (f"{a.url}login", f"{a.url}login?token={TOKEN}"):
        answer = await AsyncHTTPClient().fetch(url, follow_redirects=False, raise_error=False)
        for line in answer.headers.get_list("Set-Cookie"):
            jar.load(line)
    cookies = {name: each.value for name, each in jar.items()}
    assert "_xsrf" in cookies
    assert len(cookies) > 1, "one that says who it is"

    async def save(**headers: str) -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        request = HTTPRequest(
            f"{a.url}migrator/api/v1/snapshot", method="POST", body="{}", headers={"Cookie": cookie, **headers}
        )
        return (await AsyncHTTPClient().fetch(request, raise_error=False)).code

    assert await save() == 403
    assert await save(**{"X-XSRFToken": "2|00000000|" + "0" * 32 + "|0"}) == 403
    assert await save(**{"X-XSRFToken": cookies["_xsrf"]}) == 200


async def test_somebody_who_is_here_counts_wherever_a_culler_looks(rig: Rig) -> None:
    """The limits follow; what the page asks by itself is no sign of its user."""
    hub = await _hub(rig)
    a = await rig.server("a", "--SessionMigrator.idle_limit_s=1000", "--SessionMigrator.max_age_s=5000")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    before = (await a.status())["limits"]
    assert before["age"] - before["idle"] > 3000
    await a.status()
    assert (await a.status())["limits"] == before
    after = (await a.json("POST", "migrator/api/v1/here"))["limits"]
    assert after["idle"] > before["idle"]
    assert after["age"] == before["age"]
    model = await a.json("GET", f"api/kernels/{kernel}")
    assert datetime.fromisoformat(model["last_activity"].replace("Z", "+00:00")).timestamp() + 1000 >= after["idle"] - 1
    (told,) = hub
    assert told["servers"][""]["last_activity"] == told["last_activity"]


async def _hub(rig: Rig) -> list[dict[str, Any]]:
    """The one call of a hub that a server makes; what it was told."""
    told: list[dict[str, Any]] = []

    class Told(web.RequestHandler):
        def post(self) -> None:
            assert self.request.headers["Authorization"] == "token hub-token"
            told.append(json.loads(self.request.body))

    server = web.Application([("/hub/api/users/x/activity", Told)]).listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    rig.environment = {
        "JUPYTERHUB_ACTIVITY_URL": f"http://127.0.0.1:{port}/hub/api/users/x/activity",
        "JUPYTERHUB_API_TOKEN": "hub-token",
    }
    return told


async def test_bad_input_is_named_and_changes_nothing(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")

    async def control(path: str, body: object) -> int:
        answer = await a.call("POST", f"migrator/api/v1/{path}", body, token=a.control_token, scheme="Bearer")
        return answer.code

    assert await control("notice", {"cause": "boredom"}) == 400
    assert await control("notice", ["cause"]) == 400
    assert await control("freeze", {"deadline": "soon"}) == 400
    assert await control("activate", {"snapshot": "../../etc/passwd"}) == 400
    assert await control("activate", {"snapshot": "0" * 32}) == 409
    answer = await a.call("POST", f"migrator/api/v1/kernels/{KERNEL}/undo", {"snapshot": "x" * 32})
    assert answer.code == 400
    answer = await a.call("POST", f"migrator/api/v1/kernels/{KERNEL}/undo", {"snapshot": "0" * 32})
    assert answer.code == 404
    assert (await a.status())["state"] == "running"


async def test_without_an_environment_the_server_is_as_without_us(rig: Rig) -> None:
    a = await rig.server("a", gateway=False)
    assert await a.status() == {"enabled": False}
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    assert (await page.run("import os; print([k for k in os.environ if k.startswith('MIGRATOR_')])")).text == "[]\n"
    assert (await a.call("POST", "migrator/api/v1/snapshot")).code == 409


async def test_the_tokens_are_not_inherited_and_the_feed_says_hello(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    assert (await page.run("import os; print([k for k in os.environ if k.startswith('MIGRATOR_')])")).text == "[]\n"
    feed = await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed?token=page-token")
    hello = json.loads(await feed.read_message())
    assert hello["type"] == "hello"
    assert hello["session"] == rig.id
    await a.control("notice", {"cause": "preemption", "deadline": hello["now"] + 300})
    told = json.loads(await feed.read_message())
    while told["type"] != "notice":
        told = json.loads(await feed.read_message())
    assert told["notice"]["cause"] == "preemption"
    feed.close()


async def test_save_now_undo_and_the_list_of_checkpoints(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    await page.run("x = 1")
    kept = (await a.json("POST", "migrator/api/v1/snapshot"))["snapshot"]
    assert (await rig.record()).snapshot == kept
    await page.run("x = 2")
    await a.json("POST", "migrator/api/v1/snapshot")
    listed = (await a.json("GET", "migrator/api/v1/snapshots"))["snapshots"]
    assert kept in [row["snapshot"] for row in listed]
    await a.json("POST", f"migrator/api/v1/kernels/{kernel}/undo", {"snapshot": kept})
    assert (await page.run("print(x)")).text == "1\n"

"""A page that is open gets in at the target as it did at the source: by its cookie, or by its token."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie

import pytest
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.websocket import websocket_connect

from jupyter_extension.login import Login
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import Server
from tests.jupyter_extension.test_move import move, opened

COOKIE = "page"  # by default it is named after the address, which a proxy keeps the same


async def cookie_of(server: Server) -> str:
    """The login cookie that a page gets with its first request."""
    answer = await server.call("GET", "api/kernels")
    cookies = SimpleCookie("; ".join(answer.headers.get_list("Set-Cookie")))
    return f"{COOKIE}={cookies[COOKIE].coded_value}"


async def greeting(server: Server, cookie: str) -> str:
    """What the feed says first to a websocket that has nothing but the cookie."""
    url = server.url.replace("http", "ws", 1) + "migrator/feed"
    feed = await websocket_connect(HTTPRequest(url, headers=HTTPHeaders({"Cookie": cookie})))
    try:
        return str(json.loads(await feed.read_message() or "{}")["type"])
    finally:
        feed.close()


async def test_the_cookie_of_a_page_is_good_at_the_target_and_beyond(rig: Rig) -> None:
    rig.options = [f"--IdentityProvider.cookie_name={COOKIE}"]
    a, _, page = await opened(rig)
    await page.run("x = 1")
    cookie = await cookie_of(a)
    assert await greeting(a, cookie) == "hello"
    b, _ = await move(rig, a)
    assert await greeting(b, cookie) == "hello"
    c = await rig.begin_move("c")
    await rig.in_state(c, "standby")
    frozen = await b.control("freeze", {"deadline": None})
    await rig.fence("c")
    await c.control("activate", {"snapshot": frozen["snapshot"]})
    assert await greeting(c, cookie) == "hello"


class Provider:
    def __init__(self, token: str) -> None:
        self.token = token


class WebApp:
    def __init__(self, **settings: object) -> None:
        self.settings = settings


@pytest.mark.parametrize(
    "source", [{"cookie_secret": b"\0key"}, {"cookie_secret": {0: b"old", 3: "new"}, "key_version": 3}]
)
def test_keys_and_token_travel_as_json(source: dict[str, object]) -> None:
    target = WebApp(cookie_secret=b"own", identity_provider=Provider("own"))
    login = Login(WebApp(**source, identity_provider=Provider("former"))).to_json()
    Login(target).adopt(json.loads(json.dumps(login)))
    assert target.settings["cookie_secret"] in (b"\0key", {0: b"old", 3: b"new"})
    assert target.settings["key_version"] == source.get("key_version")
    assert target.settings["identity_provider"].token == "former"


def test_a_server_without_a_token_gets_none_and_an_old_snapshot_changes_nothing() -> None:
    target = WebApp(cookie_secret=b"own", identity_provider=Provider(""))
    Login(target).adopt({"token": "former"})
    assert target.settings["identity_provider"].token == ""
    Login(target).adopt({})
    assert target.settings["cookie_secret"] == b"own"

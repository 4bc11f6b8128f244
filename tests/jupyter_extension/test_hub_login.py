"""Whom a hub let in at the source is let in at the target for a time, and nobody else; with JupyterHub's own client."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest
from jupyterhub.services.auth import HubOAuth
from tornado.web import HTTPError

from jupyter_extension.login import Login
from tests.rigs.ports import free_ports

SCOPE = "access:servers!server=ann/"
MODEL = {"name": "ann", "kind": "user", "admin": True, "groups": ["staff"], "scopes": [SCOPE, "read:users"]}


class Provider:
    """What JupyterHub's identity provider has: a token that is the server's own, and cannot be set."""

    def __init__(self) -> None:
        self.hub_auth = HubOAuth(
            api_url=f"http://127.0.0.1:{free_ports(1)[0]}/hub/api", api_token="own", oauth_client_id="jupyterhub-user-ann",
            base_url="/user/ann/", access_scopes={SCOPE},
        )  # fmt: skip

    @property
    def token(self) -> str:
        return "own"


class WebApp:
    def __init__(self, provider: Provider) -> None:
        self.settings: dict[str, Any] = {"cookie_secret": b"key", "identity_provider": provider}


def server(life_s: float = 60.0, member: str = "a") -> tuple[Login, HubOAuth]:
    provider = Provider()
    return Login(WebApp(provider), life_s, member), provider.hub_auth


def letting_in(auth: HubOAuth, token: str, session: str = "") -> None:
    """The hub has said who has this token; its client keeps that for five minutes."""
    auth.cache[f"token::{digest(token)}"] = {**MODEL, "session_id": session or None}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def logout(member: str, session: str, at: float = 0.0, user: str = "ann") -> dict[str, Any]:
    return {"member": member, "user": user, "session": session and digest(session), "at": at or time.time()}


async def lets_in(auth: HubOAuth, token: str) -> bool:
    """Whether somebody gets in without the hub being asked, which is not there."""
    try:
        return bool(await auth.user_for_token(token, sync=False))
    except HTTPError:
        return False


def moved(source: Login) -> Any:
    return json.loads(json.dumps(source.to_json()))


async def test_who_was_let_in_gets_in_again_with_the_right_to_this_server_and_no_other() -> None:
    source, auth = server()
    letting_in(auth, "page")
    assert await auth.user_for_token("page", sync=False) == {**MODEL, "session_id": None}
    manifest = moved(source)
    assert "page" not in json.dumps(manifest)
    assert manifest["token"] is None
    target, other = server()
    target.adopt(manifest)
    for user in (other.user_for_token("page"), await other.user_for_token("page", sync=False)):
        assert user == {"name": "ann", "kind": "user", "admin": False, "groups": [], "scopes": [SCOPE]}
    with pytest.raises(HTTPError, match="Hub API"):
        await other.user_for_token("stranger", sync=False)
    assert moved(target)["hub"] == manifest["hub"], "it goes on to a third hub, and not for longer"


@pytest.mark.parametrize("life_s", [-1.0, 0.0])
async def test_it_ends(life_s: float) -> None:
    source, auth = server(life_s)
    letting_in(auth, "page")
    await auth.user_for_token("page", sync=False)
    assert moved(source)["hub"] == {}
    target, other = server()
    target.adopt({"hub": {digest("page"): {"user": MODEL, "until": time.time() - 1}}})
    with pytest.raises(HTTPError, match="Hub API"):
        await other.user_for_token("page", sync=False)


async def test_whom_the_hub_lets_in_no_more_does_not_move() -> None:
    source, auth = server()
    letting_in(auth, "page")
    await auth.user_for_token("page", sync=False)
    auth.cache[f"token::{digest('page')}"] = None
    assert await auth.user_for_token("page", sync=False) is None
    assert moved(source)["hub"] == {}


PAGES = {"laptop": "browser-1", "tablet": "browser-2", "script": ""}


async def source_with_pages() -> Login:
    source, auth = server(member="a")
    for token, session in PAGES.items():
        letting_in(auth, token, session)
        await auth.user_for_token(token, sync=False)
    return source


@pytest.mark.parametrize(
    ("what", "left"),
    [
        (logout("a", "browser-1"), {"tablet", "script"}),
        (logout("a", "browser-9"), {"laptop", "tablet", "script"}),
        (logout("b", "browser-1"), set()),
        (logout("a", ""), set()),
        (logout("a", "", user="bob"), {"laptop", "tablet", "script"}),
        (logout("a", "browser-1", at=time.time() - 9000), {"laptop", "tablet", "script"}),
    ],
    ids=["that browser", "an unknown one", "at another hub: all", "removed: all", "another user", "before the login"],
)
@pytest.mark.parametrize("when", ["before the move", "after the move", "on the way"])
async def test_a_logout_ends_what_it_should_whenever_it_comes(when: str, what: dict[str, Any], left: set[str]) -> None:
    what = what if what["at"] < time.time() - 5000 else {**what, "at": time.time() + 1}
    source, (target, auth) = await source_with_pages(), server(member="c")
    if when == "before the move":
        assert source.end([what]) == (left != set(PAGES))
    if when == "on the way":
        assert not target.end([what]), "nobody is in yet"
    target.adopt(moved(source))
    if when == "after the move":
        assert target.end([what]) == (left != set(PAGES))
    assert {token for token in PAGES if await lets_in(auth, token)} == left
    assert not target.end([what]), "it is told again and again, and ends nobody twice"


async def test_a_login_after_a_logout_stays() -> None:
    source, auth = server()
    source.end([logout("b", "browser-1", at=time.time() - 1)])
    letting_in(auth, "page", "browser-3")
    assert await lets_in(auth, "page")
    assert not source.end([logout("b", "browser-1", at=time.time() - 1)])
    target, other = server()
    target.adopt(moved(source))
    assert await lets_in(other, "page")


async def test_the_hub_itself_is_asked_again_after_a_logout() -> None:
    source, auth = server(member="a")
    letting_in(auth, "page", "browser-1")
    assert await lets_in(auth, "page")
    assert source.end([logout("a", "browser-1", at=time.time() + 1)])
    assert not await lets_in(auth, "page"), "what the hub said before does not count any more"
    assert moved(source)["hub"] == {}


async def test_a_login_of_an_older_version_is_ended_by_any_logout() -> None:
    target, auth = server(member="b")
    target.adopt({"hub": {digest("page"): {"user": MODEL, "until": time.time() + 60}}})
    assert await lets_in(auth, "page")
    assert target.end([logout("a", "browser-1")])
    assert not await lets_in(auth, "page")

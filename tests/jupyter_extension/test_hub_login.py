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


def server(life_s: float = 60.0) -> tuple[Login, HubOAuth]:
    provider = Provider()
    return Login(WebApp(provider), life_s), provider.hub_auth


def letting_in(auth: HubOAuth, token: str) -> None:
    """The hub has said who has this token; its client keeps that for five minutes."""
    auth.cache[f"token::{hashlib.sha256(token.encode()).hexdigest()}"] = MODEL


def moved(source: Login) -> Any:
    return json.loads(json.dumps(source.to_json()))


async def test_who_was_let_in_gets_in_again_with_the_right_to_this_server_and_no_other() -> None:
    source, auth = server()
    letting_in(auth, "page")
    assert await auth.user_for_token("page", sync=False) == MODEL
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
    digest = hashlib.sha256(b"page").hexdigest()
    target.adopt({"hub": {digest: {"user": MODEL, "until": time.time() - 1}}})
    with pytest.raises(HTTPError, match="Hub API"):
        await other.user_for_token("page", sync=False)


async def test_whom_the_hub_lets_in_no_more_does_not_move() -> None:
    source, auth = server()
    letting_in(auth, "page")
    await auth.user_for_token("page", sync=False)
    auth.cache[f"token::{hashlib.sha256(b'page').hexdigest()}"] = None
    assert await auth.user_for_token("page", sync=False) is None
    assert moved(source)["hub"] == {}

"""The switch against a real hub and its real proxy: nobody may ever see a gap."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tornado.web import RequestHandler

from migrator.launch.hub import Hub
from migrator.routing.errors import ProxyDenied, ProxyUnavailable
from migrator.routing.proxy import Proxy
from migrator.routing.switch import Switch
from tests.rigs.answering import answering
from tests.rigs.proxy import running_proxy
from tests.rigs.small_hub import PROXY_TOKEN, SmallHub

SHIELDS = ["api", "lab", "terminals"]


class Target(RequestHandler):
    def get(self) -> None:
        self.write("the target")


@pytest.fixture
async def target() -> AsyncIterator[str]:
    async with answering(Target) as url:
        yield url


def switch_of(hub: SmallHub) -> tuple[Switch, Proxy]:
    proxy = Proxy(hub.proxy_api, hub.proxy_token)
    return Switch(proxy, SHIELDS), proxy


async def watch(hub: SmallHub, path: str, until: asyncio.Event) -> list[tuple[int, bool]]:
    """Every change of what a page sees at `path`: (status, from the target)."""
    seen: list[tuple[int, bool]] = []
    while not until.is_set():
        status, body = await asyncio.to_thread(hub.get, path)
        if not seen or seen[-1] != (status, body == "the target"):
            seen.append((status, body == "the target"))
    return seen


async def test_a_page_sees_the_source_then_the_target_and_nothing_between(hub: SmallHub, target: str) -> None:
    switch, proxy = switch_of(hub)
    launcher = Hub(hub.api, hub.token)
    server = await launcher.start("moves", {}, 60)
    ended = asyncio.Event()
    page = asyncio.create_task(watch(hub, "/user/moves/api/contents", ended))

    async def switched() -> None:
        seen_at_switch.append(await asyncio.to_thread(hub.get, "/user/moves/api/contents"))

    async def stop() -> None:
        assert seen_at_switch == [(200, "the target")]
        await launcher.stop("moves", 60)

    seen_at_switch: list[tuple[int, str]] = []
    await switch.take("session-1", server.path, target, switched=switched, stop_server=stop)
    status, body = await asyncio.to_thread(hub.get, "/user/moves/anything/else")
    ended.set()

    assert (status, body) == (200, "the target")
    assert await page in ([(200, False), (200, True)], [(200, True)])
    ours = {path for path, route in (await proxy.routes()).items() if route.session == "session-1"}
    assert ours == {"/user/moves"}


async def test_the_hubs_route_check_leaves_a_taken_route_alone(hub: SmallHub, target: str) -> None:
    switch, proxy = switch_of(hub)
    launcher = Hub(hub.api, hub.token)
    server = await launcher.start("stays", {}, 60)
    await switch.take(
        "session-2", server.path, target, switched=_nothing, stop_server=lambda: launcher.stop("stays", 60)
    )

    await launcher._call("POST", "/proxy")

    assert (await proxy.routes())["/user/stays"].target == target


async def test_a_server_that_died_by_itself_leaves_no_gap_behind_shields(hub: SmallHub, target: str) -> None:
    switch, proxy = switch_of(hub)
    launcher = Hub(hub.api, hub.token)
    server = await launcher.start("dies", {}, 60)
    pid = await asyncio.to_thread(hub.server_pid, "dies")
    await switch.shield("session-3", server.path, target)
    os.kill(pid, signal.SIGKILL)

    await until(lambda: _no_server(launcher, "dies"))

    assert await asyncio.to_thread(hub.get, "/user/dies/api/status") == (200, "the target")
    await switch.take(
        "session-3", server.path, target, switched=_nothing, stop_server=lambda: launcher.stop("dies", 60)
    )
    assert (await proxy.routes())["/user/dies"].target == target


async def test_taking_twice_changes_nothing_and_release_removes_all(hub: SmallHub, target: str) -> None:
    switch, proxy = switch_of(hub)

    async def never() -> None:
        raise AssertionError("there is nothing left to switch or to stop")

    await switch.take("session-4", "/user/nobody/", target, switched=_nothing, stop_server=_nothing)
    await switch.take("session-4", "/user/nobody/", target, switched=never, stop_server=never)
    assert await switch.release("session-4", "/user/nobody/")
    assert not await switch.release("session-4", "/user/nobody/")

    assert not [path for path in await proxy.routes() if path.startswith("/user/nobody")]


async def test_release_leaves_the_hubs_own_route_alone(hub: SmallHub, target: str) -> None:
    switch, proxy = switch_of(hub)
    launcher = Hub(hub.api, hub.token)
    server = await launcher.start("returns", {}, 60)
    await switch.shield("session-5", server.path, target)

    await switch.release("session-5", server.path)

    assert (await proxy.routes())["/user/returns"].hub
    assert (await asyncio.to_thread(hub.get, "/user/returns/api"))[1] != "the target"


async def test_routes_come_back_after_the_proxy_restarted(target: str) -> None:
    with running_proxy() as (public, api, _):
        ports = [int(url.rsplit(":", 1)[1]) for url in (public, api)]
        switch = Switch(Proxy(api, PROXY_TOKEN), SHIELDS)
        await switch.take("session-6", "/user/x/", target, switched=_nothing, stop_server=_nothing)
    with running_proxy(*ports) as (_, api, _process):
        proxy = Proxy(api, PROXY_TOKEN)
        assert await proxy.routes() == {}
        await switch.take("session-6", "/user/x/", target, switched=_nothing, stop_server=_nothing)
        assert (await proxy.routes())["/user/x"].target == target


async def test_a_wrong_token_and_a_proxy_that_is_down_are_told_apart() -> None:
    with running_proxy() as (_, api, _process), pytest.raises(ProxyDenied, match="proxy_token_file"):
        await Proxy(api, "wrong").routes()
    with pytest.raises(ProxyUnavailable):
        await Proxy(api, PROXY_TOKEN).routes()


async def _nothing() -> None:
    return


async def _no_server(launcher: Hub, user: str) -> bool:
    return await launcher.server(user) is None


async def until(condition: Callable[[], Any], limit: float = 60) -> None:
    async with asyncio.timeout(limit):
        while not await condition():
            await asyncio.sleep(0.05)

"""The launcher against a real JupyterHub."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from migrator.demo.nodejs import proxy_command
from migrator.launch.errors import AlreadyRunning, HubDenied, HubUnavailable, LaunchTimeout, NoRoom, SpawnFailed
from migrator.launch.hub import Hub
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import SmallHub, small_hub


@pytest.fixture
def launcher(hub: SmallHub) -> Hub:
    return Hub(hub.api, hub.token)


async def test_start_gives_a_ready_server_with_our_options_and_stop_ends_it(launcher: Hub) -> None:
    server = await launcher.start("one", {"image": "x", "migrator": {"session": "s"}}, 60)
    assert (server.path, server.ready) == ("/user/one/", True)
    assert server.user_options["migrator"] == {"session": "s"}
    await launcher.stop("one", 60)
    assert await launcher.server("one") is None
    await launcher.delete_user("one")
    await launcher.delete_user("one")


async def test_a_second_start_says_that_it_runs(launcher: Hub) -> None:
    await launcher.start("two", {}, 60)
    with pytest.raises(AlreadyRunning):
        await launcher.start("two", {}, 60)


async def test_a_server_that_fails_is_told_in_the_hubs_words(launcher: Hub) -> None:
    with pytest.raises(SpawnFailed):
        await launcher.start("three", {"fail": True}, 60)


async def test_a_slow_server_is_a_timeout(launcher: Hub) -> None:
    with pytest.raises(LaunchTimeout, match=r"not ready within 1 s|too long"):
        await launcher.start("four", {"slow": 30}, 1)


async def test_stopping_what_does_not_run_is_no_error(launcher: Hub) -> None:
    await launcher.stop("nobody", 60)
    assert await launcher.server("nobody") is None


async def test_a_wrong_token_says_which_scopes_are_needed(hub: SmallHub) -> None:
    for token in ("wrong", "weak-" + hub.token):
        with pytest.raises(HubDenied, match="admin:servers"):
            await Hub(hub.api, token).start("five", {}, 60)


async def test_a_hub_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(HubUnavailable):
        await Hub(f"http://127.0.0.1:{free_ports(1)[0]}/hub/api", "t").check()


async def test_a_full_hub_has_no_room_and_a_controller_that_is_down_breaks_no_launch(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s" * 40)
    extra = f"""
from migrator.launch.hub_hook import session_hook
c.Spawner.pre_spawn_hook = session_hook("http://127.0.0.1:{free_ports(1)[0]}", {str(tmp_path / "secret")!r})
"""
    with small_hub(tmp_path, proxy_command(), limit=1, extra=extra) as hub:
        launcher = Hub(hub.api, hub.token)
        await launcher.start("first", {}, 60)
        with pytest.raises(NoRoom):
            await launcher.start("second", {}, 60)
        await launcher.stop("first", 60)
        with pytest.raises(SpawnFailed), contextlib.suppress(AlreadyRunning):
            await launcher.start("standby", {"migrator": {"session": "abc"}}, 60)
        log = await asyncio.to_thread((tmp_path / "hub.log").read_text)
    assert "starts without protection" in log

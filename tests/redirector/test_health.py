from __future__ import annotations

from typing import Any

import pytest

from migrator.redirector.hosts import read_hosts
from migrator.serving.settings import SettingsError
from tests.redirector.conftest import Rig


async def metrics(rig: Rig) -> str:
    return (await rig.browser().go("/metrics")).body.decode()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [({"pods": 95}, "quota"), ({"ok": False}, "health"), ({"version": "2"}, "versions"), ({"garbled": True}, "answer")],
)
async def test_a_member_that_is_not_well_takes_no_launches_until_it_is(
    rig: Rig, fault: dict[str, Any], reason: str
) -> None:
    await rig.until_active("a", "b")
    kept = {key: getattr(rig.b, key) for key in fault}
    for key, value in fault.items():
        setattr(rig.b, key, value)
    await rig.until_active("a")
    assert f'federation_health{{member="b",reason="{reason}"}} 0.0' in await metrics(rig)
    for key, value in kept.items():
        setattr(rig.b, key, value)
    await rig.until_active("a", "b")
    after = await metrics(rig)
    assert 'federation_health{member="b",reason="success"} 1.0' in after
    assert f'federation_health{{member="b",reason="{reason}"}}' not in after


async def test_a_member_that_is_gone_takes_no_launches(rig: Rig) -> None:
    await rig.b.go_away()
    await rig.until_active("a")
    for number in range(10):
        answer = await rig.browser().go(f"/build/gh/org/repo{number}/HEAD")
        assert answer.headers["Location"].startswith(rig.a.url)


async def test_if_all_are_sick_people_see_the_prime(rig: Rig) -> None:
    rig.a.ok = rig.b.ok = False
    await rig.until_active("a")
    assert (await rig.browser().go("/build/gh/o/r/HEAD")).headers["Location"].startswith(rig.a.url)
    assert 'federation_redirect_count_total{member="a",reason="prime"} 1.0' in await metrics(rig)


async def test_a_sick_prime_still_leaves_launches_to_the_others(rig: Rig) -> None:
    rig.a.ok = False
    await rig.until_active("b")
    assert (await rig.browser().go("/build/gh/o/r/HEAD")).headers["Location"].startswith(rig.b.url)


@pytest.mark.parametrize("hosts", [{}, {"a": None}, {"a": {"weight": 0, "url": "http://x"}}, {"a": {"url": "ftp://x"}}])
def test_settings_without_a_usable_member_are_refused(hosts: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        read_hosts(hosts)


def test_without_a_prime_the_heaviest_is_it() -> None:
    hosts = read_hosts({"a": {"url": "http://a/"}, "b": {"url": "http://b", "weight": 2}})
    assert [host.name for host in hosts.values() if host.prime] == ["b"]
    assert hosts["a"].health == "http://a/health"

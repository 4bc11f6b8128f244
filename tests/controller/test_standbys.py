"""A standby counts as soon as it answers; the hub may take its time to see that. The whole way stands in test_move.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tornado.web import RequestHandler

from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.launch.errors import HubUnavailable, SpawnFailed
from migrator.launch.hub import Server
from migrator.serving.errors import ApiError
from migrator.session import Record, SessionRecords, Target, phases
from migrator.session.sealing import Secrets, seal
from migrator.storage import open_store
from tests.rigs.answering import answering

SECRET = b"federation-secret-of-at-least-32-bytes"
SESSION = "a-moving-session"
TARGET = Target("b", "/user/x/")


class Status(RequestHandler):
    """What a standby answers."""

    def get(self) -> None:
        self.finish({"state": "standby"})


class SlowHub:
    """A hub that looks for its new server when the test says so: a real one decides that by chance."""

    def __init__(self) -> None:
        self.seen, self.stopped, self.starts = asyncio.Event(), 0, 0
        self.running: Server | None = None
        self.error: Exception | None = None

    async def asked(self, times: int) -> None:
        """Until it has been asked so often to start something."""
        async with asyncio.timeout(60):
            while self.starts < times:
                await asyncio.sleep(0)

    async def server(self, _user: str, _name: str) -> Server | None:
        return self.running

    async def start(self, _user: str, options: dict[str, Any], _limit_s: float, _name: str) -> None:
        self.starts += 1
        self.running = Server("/user/x/", ready=False, pending="spawn", user_options=options)
        await self.seen.wait()
        if self.error is not None:
            raise self.error

    async def stop(self, _user: str, _limit_s: float, _name: str) -> None:
        self.stopped += 1


@pytest.fixture
async def pod() -> AsyncIterator[str]:
    async with answering(Status, r".*/status") as url:
        yield url


@pytest.fixture
async def hub() -> SlowHub:
    return SlowHub()


@pytest.fixture
async def standbys(hub: SlowHub) -> AsyncIterator[Standbys]:
    pods = Pods(SECRET)
    records = SessionRecords(open_store("memory:"))
    yield Standbys(Controller(member="b", host_timeout_s=60.0), SECRET, records, hub, pods)  # type: ignore[arg-type]
    hub.seen.set()
    pods.close()


async def moving(standbys: Standbys, session: str = SESSION) -> Record:
    sealed = seal(SECRET, session, Secrets(bytes(32), "page-token", {}))
    record = Record(session, 3, "suspended", user="x", snapshot="0" * 32, sealed=sealed)
    return await standbys.records.create(phases.begin_resume(record, TARGET))


async def reports(standbys: Standbys, address: str) -> None:
    await standbys.records.update(SESSION, lambda r: phases.retarget(r, Target("b", "/user/x/", address)))


async def test_a_standby_that_answers_is_not_kept_waiting_for_its_hub(
    standbys: Standbys, hub: SlowHub, pod: str
) -> None:
    record = await moving(standbys)
    starting = asyncio.ensure_future(standbys.start(record, TARGET, 4))
    await reports(standbys, pod)
    assert await asyncio.wait_for(starting, 60) == pod
    launch = standbys.launches[SESSION]
    hub.seen.set()
    await launch
    assert SESSION not in standbys.launches


async def test_asked_again_it_waits_for_the_same_server(standbys: Standbys, hub: SlowHub, pod: str) -> None:
    record = await moving(standbys)
    await reports(standbys, pod)
    for _ in range(2):
        assert await standbys.start(record, TARGET, 4) == pod
    assert hub.stopped == 0


async def test_a_standby_that_comes_up_when_its_session_has_gone_elsewhere_is_stopped(
    standbys: Standbys, hub: SlowHub
) -> None:
    record = await moving(standbys)
    starting = asyncio.ensure_future(standbys.start(record, TARGET, 4))
    await hub.asked(1)
    launch = standbys.launches[SESSION]
    starting.cancel()
    await standbys.records.update(SESSION, lambda r: phases.retarget(r, Target("c", "/user/x/")))
    hub.seen.set()
    await launch
    assert hub.stopped == 1


async def test_a_launch_that_fails_is_told_at_once(standbys: Standbys, hub: SlowHub) -> None:
    record = await moving(standbys)
    hub.error = SpawnFailed("no")
    hub.seen.set()
    with pytest.raises(SpawnFailed):
        await standbys.start(record, TARGET, 4)


async def test_what_is_too_much_for_a_hub_at_once_waits_for_its_turn(standbys: Standbys, hub: SlowHub) -> None:
    """And is not started any more if its session went elsewhere meanwhile."""
    limit = standbys.settings.launches_at_once
    records = [await moving(standbys, f"session-of-many-{n:02}") for n in range(limit + 2)]
    all_of_them = [asyncio.ensure_future(standbys.start(record, TARGET, 4)) for record in records]
    await hub.asked(limit)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert hub.starts == limit
    await standbys.records.update(records[-1].id, lambda r: phases.retarget(r, Target("c", "/user/x/")))
    hub.error = SpawnFailed("no")
    hub.seen.set()
    ends = await asyncio.gather(*all_of_them, return_exceptions=True)
    assert hub.starts == limit + 1
    assert [type(end) for end in ends] == [*([SpawnFailed] * (limit + 1)), ApiError]


async def test_another_replica_knows_that_the_hub_is_still_at_it(standbys: Standbys, hub: SlowHub, pod: str) -> None:
    record = await moving(standbys)
    await reports(standbys, pod)
    await standbys.start(record, TARGET, 4)
    other = replace(standbys, launches={})
    following = await other.launching(record)
    assert following is not None
    assert await other.launching(record) is following
    hub.running = Server("/user/x/", ready=True, pending=None, user_options={})
    await asyncio.wait_for(following, 60)
    assert await other.launching(record) is None


async def test_a_hub_that_does_not_answer_is_at_nothing(
    standbys: Standbys, hub: SlowHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise HubUnavailable("away")

    monkeypatch.setattr(hub, "server", away)
    assert await standbys.launching(await moving(standbys)) is None

"""Fifty sessions that save at once must not take the gateway's memory away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from migrator.session import Owner, Record, SessionRecords, new_session_id
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.storage.gateway import GatewayStore
from migrator.storage.opening import open_store
from tests.gateway.conftest import SECRET
from tests.rigs.ports import free_ports

LIMIT = 300 * 2**20
SESSIONS, PACKS, SIZE = 50, 3, 8 * 2**20


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """URL and process id of a gateway of its own."""
    (tmp_path / "secret").write_bytes(SECRET)
    port = free_ports(1)[0]
    given = ["--port", str(port), "--set", f"store=file://{tmp_path}/store", "--set", f"secret_file={tmp_path}/secret"]
    run = "import sys; from migrator.cli import main; sys.exit(main())"
    process = subprocess.Popen([sys.executable, "-c", run, "gateway", *given], stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}", process.pid
    process.terminate()
    assert process.wait(60) == 0


async def test_fifty_sessions_at_once_stay_below_300_mib(gateway: tuple[str, int], tmp_path: Path) -> None:
    url, pid = gateway
    store = open_store(f"file://{tmp_path}/store")
    sessions = await asyncio.gather(*(new_session(SessionRecords(store)) for _ in range(SESSIONS)))
    saving = [asyncio.create_task(save(url, session)) for session in sessions]
    highest = 0
    while any(not task.done() for task in saving):
        highest = max(highest, psutil.Process(pid).memory_info().rss)
        await asyncio.sleep(0.02)
    await asyncio.gather(*saving)
    await store.close()
    assert 0 < highest < LIMIT


async def new_session(records: SessionRecords) -> str:
    name = new_session_id()
    sealed = seal(SECRET, name, Secrets(bytes(32)))
    await records.create(Record(id=name, epoch=1, phase="active", owner=Owner("a", "/user/x/"), sealed=sealed))
    return name


async def save(url: str, session: str) -> None:
    store = GatewayStore(url, issue(SECRET, "session", session, 1), deadline_s=120)
    await asyncio.gather(*(store.put(f"packs/{number:032x}", bytes(SIZE)) for number in range(PACKS)))
    await store.close()

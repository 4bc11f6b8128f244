"""A writer that is killed at any moment leaves every snapshot that it had called durable, and nothing that is wrong."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from migrator.snapshot import SessionKeys
from migrator.snapshot.check import SessionCheck
from migrator.storage import open_store, prefixed
from tests.snapshot.building import SESSION, read_all
from tests.snapshot.crash_writer import BLOBS, content

KEY = "5a" * 32
KILLS = 8
LIMIT_S = 120


async def test_kill_9_at_random_moments(tmp_path: Path):
    url = f"file://{tmp_path}/store"
    keys = SessionKeys(bytes.fromhex(KEY))
    store = open_store(url)
    view = prefixed(store, f"sessions/{SESSION}/")
    durable: dict[str, int] = {}
    last = ""
    for _ in range(KILLS):
        durable.update(await _run_and_kill(url, last))
        last = list(durable)[-1]
        for snapshot in (last, random.choice(list(durable))):
            assert await read_all(view, keys, snapshot) == {
                str(number): content(durable[snapshot], number) for number in range(BLOBS)
            }
    check = SessionCheck(view, keys, SESSION)
    assert [fault async for fault in check.faults()] == []
    assert set(durable) <= set(check.snapshots)
    await store.close()


async def _run_and_kill(url: str, last: str) -> dict[str, int]:
    """Let a writer make at least one snapshot, and kill it a moment later; gives those that it called durable."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.snapshot.crash_writer", url, SESSION, KEY, last, stdout=asyncio.subprocess.PIPE
    )
    line = await asyncio.wait_for(writer.stdout.readline(), LIMIT_S)
    await asyncio.sleep(random.uniform(0, 0.15))  # where in the next snapshot it is hit
    writer.kill()
    rest = await asyncio.wait_for(writer.stdout.read(), LIMIT_S)
    await writer.wait()
    said = [each.split() for each in (line + rest).decode().splitlines(keepends=True) if each.endswith("\n")]
    return {snapshot: int(generation) for snapshot, generation in said}

"""A session that comes near its pod's memory limit is warned and saved before the kernel's killer comes."""

from __future__ import annotations

import pytest

from tests.kubernetes.conftest import working
from tests.kubernetes.launches import launch, run_cell, status, until

pytestmark = pytest.mark.kubernetes

FILL = """
import pathlib
group = pathlib.Path("/sys/fs/cgroup/memory")
if group.exists():  # control groups of version 1
    limit, usage, cached = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
else:
    group, limit, usage, cached = group.parent, "memory.max", "memory.current", "inactive_file"
def number(name):
    return int((group / name).read_text())
def used():
    rows = dict(row.split() for row in (group / "memory.stat").read_text().splitlines())
    return number(usage) - int(rows[cached])
load = []
while used() < number(limit) - 150_000_000:
    load.append(bytearray(b"x") * 1_000_000)
print(number(limit))
"""


async def test_it_is_told_and_saved_while_there_is_time(members):
    session = await working(await launch(members["a"], profile="narrow"))
    before = (await status(session))["saved"]["snapshot"]
    assert await run_cell(session, FILL) == f"{700 << 20}\n"

    async def told():
        now = await status(session)
        return now if (now["notice"] or {}).get("cause") == "memory" else None

    assert (await until("the page is told", told))["notice"]["deadline"] is None

    async def kept():
        return (await status(session))["saved"]["snapshot"] != before

    await until("it is saved", kept)
    await run_cell(session, "load.clear(); import gc; gc.collect()")

    async def over():
        return (await status(session))["notice"] is None

    await until("there is memory again", over)
    assert await run_cell(session, "print(len(numbers))") == "1000\n"

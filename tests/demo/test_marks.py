"""What carries a mark is found and killed, with all that it started, and nothing else."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

import pytest

from migrator.demo import keeper, marks
from tests.rigs.federation import wait_until

# A parent that starts a child in a session of its own and then goes away: nothing but the mark leads to the child.
ORPHAN_MAKER = """
import subprocess, sys
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, start_new_session=True)
print(child.pid, flush=True)
"""


@pytest.fixture
def mark() -> str:
    return secrets.token_hex(8)


def start_orphan(name: str, mark: str) -> int:
    env = {**os.environ, name: mark}
    done = subprocess.run([sys.executable, "-c", ORPHAN_MAKER], env=env, stdout=subprocess.PIPE, check=True, timeout=60)
    return int(done.stdout)


def test_orphans_of_one_mark_are_killed_and_no_others(mark):
    mine, other = start_orphan(marks.MACHINE, mark), start_orphan(marks.MACHINE, f"{mark}-other")
    try:
        assert marks.find(marks.MACHINE, mark) == [mine]
        assert marks.kill_all(marks.MACHINE, mark) == 1
        assert marks.find(marks.MACHINE, mark) == []
        assert marks.find(marks.MACHINE, f"{mark}-other") == [other]
    finally:
        marks.kill_all(marks.MACHINE, f"{mark}-other")


async def test_the_keeper_kills_what_a_killed_demo_left(mark, tmp_path):
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    start_orphan(marks.DEMO, mark)
    watching = keeper.start(mark, tmp)
    assert watching.stdin is not None
    watching.stdin.close()  # as the kernel does when the demo dies

    async def gone() -> bool:
        return not marks.find(marks.DEMO, mark)

    await wait_until(gone, 60, lambda: "the orphan lives")
    assert watching.wait(60) == 0
    assert not tmp.exists()

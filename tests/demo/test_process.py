"""A process that does not come up is reported with the end of its log."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from migrator.demo.errors import NotReady, ProcessDied
from migrator.demo.process import Process


async def never() -> bool:
    return False


def python(code: str, folder: Path) -> Process:
    return Process("the part", [sys.executable, "-c", code], env={}, log=folder / "part.log", cwd=folder)


async def test_death_at_the_start_shows_the_log(tmp_path):
    process = python("import sys; print('port taken'); sys.exit(3)", tmp_path)
    await process.start()
    with pytest.raises(ProcessDied, match=r"the part ended at its start(.|\n)*port taken"):
        await process.wait_ready(never)


async def test_silence_shows_the_log(tmp_path):
    process = python("import time; print('thinking', flush=True); time.sleep(600)", tmp_path)
    await process.start()

    async def said_something_or_never() -> bool:
        return False

    with pytest.raises(NotReady, match="the part did not answer within 0 s"):
        await process.wait_ready(said_something_or_never, limit_s=0)
    await process.stop()
    assert not process.running


async def test_no_such_program(tmp_path):
    process = Process("the part", [str(tmp_path / "nothing")], env={}, log=tmp_path / "log", cwd=tmp_path)
    with pytest.raises(ProcessDied, match="cannot be started"):
        await process.start()


async def test_one_that_ignores_sigterm_is_killed(tmp_path):
    ready = tmp_path / "ready"
    code = f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(600)"
    process = python(code, tmp_path)
    await process.start()

    async def is_ready() -> bool:
        return ready.exists()

    await process.wait_ready(is_ready)
    await process.stop(grace_s=0.1)
    assert not process.running

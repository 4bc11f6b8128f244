"""The fork itself."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash

from jupyter_extension.kernel import forking

WALL = 0x40000000
KERNEL = Path(forking.__file__).parent


def in_child(work: Callable[[forking.Forked], Any]) -> str:
    """What `work` returns in a forked child, as text."""
    reading, writing = os.pipe()
    forked = forking.fork()
    if forked.pid == 0:
        try:
            os.write(writing, repr(work(forked)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    assert os.waitpid(forked.pid, WALL) == (forked.pid, 0)
    return text


def test_the_state_of_random_is_that_of_the_parent() -> None:
    """Python reseeds `random` in every forked child."""
    random.seed(3)
    random.gauss(0, 1)

    def draw(forked: forking.Forked) -> tuple[float, float]:
        forking.restore_random(forked.random)
        return random.random(), random.gauss(0, 1)

    assert in_child(draw) == repr((random.random(), random.gauss(0, 1)))


def test_nobody_who_waits_for_children_notices_ours() -> None:
    noticed: list[int] = []
    former = signal.signal(signal.SIGCHLD, lambda number, _: noticed.append(number))
    try:
        forked = forking.fork()
        if forked.pid == 0:
            os._exit(0)
        while Path(f"/proc/{forked.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.001)
        assert f"si_pid={forked.pid}" not in _found_by_wait()
        os.waitpid(forked.pid, WALL)
        assert noticed == []
    finally:
        signal.signal(signal.SIGCHLD, former)


def _found_by_wait() -> str:
    """Whom `os.wait` would find now."""
    with contextlib.suppress(ChildProcessError):
        return str(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    return ""


def test_the_child_is_quiet_and_first_to_be_killed() -> None:
    def look(_: forking.Forked) -> tuple[Any, ...]:
        about = [Path(f"/proc/self/{name}").read_text().strip() for name in ("oom_score_adj", "comm")]
        return (
            *about,
            str(Path("/proc/self/fd/1").readlink()),
            signal.getsignal(signal.SIGINT) is not None,
            sys.stdout,
            os.getpgrp() == os.getpid(),
        )

    assert in_child(look) == repr(("1000", "migrator-save", "/dev/null", True, None, True))


def test_a_child_that_waits_for_an_order_holds_no_pipe_open() -> None:
    ours, its = socket.socketpair()
    reading, writing = os.pipe()
    forked = forking.fork(order=its.fileno(), limit=60)
    if forked.pid == 0:
        its.send(its.recv(5)[::-1])
        os._exit(0)
    its.close()
    os.close(writing)
    assert os.read(reading, 1) == b""
    ours.send(b"order")
    assert ours.recv(5) == b"redro"
    assert os.waitpid(forked.pid, WALL) == (forked.pid, 0)
    ours.close()
    os.close(reading)


def test_a_child_without_an_order_ends() -> None:
    ours, its = socket.socketpair()
    forked = forking.fork(order=its.fileno(), limit=0.05)
    if forked.pid == 0:
        os._exit(1)
    assert os.waitpid(forked.pid, WALL) == (forked.pid, 0)
    ours.close()
    its.close()


def test_callbacks_of_ipythons_history_are_left_alone() -> None:
    history = pytest.importorskip("IPython.core.history")
    before = history.HistoryManager._instances
    assert in_child(lambda _: len(history.HistoryManager._instances)) == "0"
    assert history.HistoryManager._instances is before


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 1000])
def test_checks_are_xxh3_of_each_block(length: int) -> None:
    assert forking.checks is not None
    data = bytes(i * 7 % 256 for i in range(length))
    blocks = [data[at : at + 16] for at in range(0, length, 16)]
    assert forking.checks(data, 16) == b"".join(map(xxhash.xxh3_128_digest, blocks))
    assert forking.checks(memoryview(bytearray(data)), 16) == forking.checks(np.frombuffer(data, "u1"), 16)


def test_checks_of_a_large_memory_are_the_same_whoever_takes_them() -> None:
    assert forking.checks is not None
    data = np.random.default_rng(0).bytes((33 << 20) + 5)  # enough for two threads, and no multiple of the block
    block = 1 << 20
    expected = [xxhash.xxh3_128_digest(data[at : at + block]) for at in range(0, len(data), block)]
    assert forking.checks(data, block) == b"".join(expected)


def test_a_child_takes_checks_of_a_large_memory_while_threads_come_and_go() -> None:
    """The child has none of these threads; two of its own take the checks, whatever the parent's were at when it was forked."""
    code = """if True:
        import os, threading
        from jupyter_extension.kernel import forking
        data, over = bytes(40 << 20), threading.Event()
        expected = forking.checks(data, 4 << 20)
        def churn():
            while not over.is_set():
                threading.Thread(target=int).start()
        churning = [threading.Thread(target=churn) for _ in range(3)]
        for thread in churning: thread.start()
        try:
            for _ in range(60):
                pid = forking.fork().pid
                if pid == 0:
                    os._exit(forking.checks(data, 4 << 20) != expected)
                assert os.waitpid(pid, 0x40000000)[1] == 0
        finally:
            over.set()
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_without_the_header_of_xxhash_the_helper_still_forks(tmp_path: Path) -> None:
    sources = [str(path) for path in sorted(KERNEL.glob("_*.c")) if "survey" not in path.name]
    include, binary = sysconfig.get_path("include"), tmp_path / "_forker.so"
    flags = ["-shared", "-fPIC", "-DMIGRATOR_WITHOUT_XXHASH", "-DPy_LIMITED_API=0x03080000", f"-I{include}"]
    subprocess.run(["cc", *flags, *sources, "-o", str(binary)], check=True, timeout=120)
    code = "import os, _forker; pid = _forker.fork((), 0, False)[0]; pid or os._exit(0); print(_forker.HAVE_XXH3)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_checks_refuse_what_has_no_memory() -> None:
    assert forking.checks is not None
    with pytest.raises(TypeError):
        forking.checks("text", 16)
    with pytest.raises(ValueError, match="positive"):
        forking.checks(b"abc", 0)

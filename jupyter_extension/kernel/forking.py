"""Makes the frozen copy of the kernel: the one place that forks.

With the C helper a fork is safe at any instant and from any thread. Without it (no binary for this platform) `os.fork`
runs the atfork handlers of libraries, of which OpenBLAS's deadlocks a kernel that is inside a matrix product: then only
the main thread may fork, and only between cells.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import sys
import time
import warnings
from functools import partial
from typing import Any, Callable, Iterator, NamedTuple

try:
    _forker: Any = importlib.import_module("._forker", __package__)
except ImportError:  # built without a C compiler, or for another platform
    _forker = None

try:
    _survey: Any = importlib.import_module("._survey", __package__)
except ImportError:  # built without xxhash.h, or not at all
    _survey = None

ANY_THREAD = _forker is not None
checks: Callable[[Any, int], bytes] | None = _forker.checks if _forker is not None and _forker.HAVE_XXH3 else None
survey: Callable[..., Any] | None = getattr(_survey, "survey", None)
splice: Callable[[int, Any], int] | None = getattr(_forker, "splice", None)


class Forked(NamedTuple):
    """`pid` is 0 in the child. `pause`: seconds that the parent was held up. `random`: the state of `random` then."""

    pid: int
    pause: float
    random: tuple[Any, ...]


def fork(*, niceness: int = 0, stop: bool = False, order: int = -1, limit: float = 0) -> Forked:
    """Fork. OSError if the system refuses. `stop`: the parent stops itself (SIGSTOP) at once; SIGCONT continues it.

    With `order`, a descriptor (needs the C helper), the child sleeps until there is something to read from it, with only
    that one of the kernel's sockets and pipes open; after `limit` seconds it ends.
    """
    capture = _random_state()
    with _history_thread_left_alone():
        if _forker is not None:
            pid, pause, state = _forker.fork(capture, niceness, stop, order, int(limit * 1000))
            return Forked(pid, pause / 1e9, state)
        started = time.perf_counter()
        state = tuple(take() for take in capture)
        with warnings.catch_warnings():  # of threads: ours is not the only one, and this is the main one
            warnings.simplefilter("ignore")
            pid = os.fork()
    if pid == 0:
        _quiet()
    pause_s = time.perf_counter() - started
    if pid and stop:
        os.kill(os.getpid(), signal.SIGSTOP)
    return Forked(pid, pause_s, state)


def restore_random(state: tuple[Any, ...]) -> None:
    """In the child: undo the reseeding that `random` does after every fork."""
    inst = _instance()
    if inst is not None and state and state[0] is not None:
        super(random.Random, inst).setstate(state[0])
        setattr(inst, "gauss_next", state[1])  # noqa: B010 - the type stubs do not know it


def _instance() -> random.Random | None:
    return getattr(random, "_inst", None)


def _random_state() -> tuple[Callable[[], Any], ...]:
    """Callables written in C: no bytecode runs, so no other thread gets in between them and the fork."""
    inst = _instance()
    if inst is None:
        return ()
    return super(random.Random, inst).getstate, partial(getattr, inst, "gauss_next", None)


@contextlib.contextmanager
def _history_thread_left_alone() -> Iterator[None]:
    """IPython (8.15 and later) ends its history thread before each fork and waits for its disk; our child needs no such care."""
    manager: Any = getattr(sys.modules.get("IPython.core.history"), "HistoryManager", None)
    instances = getattr(manager, "_instances", None)
    if instances is None:
        yield
        return
    manager._instances = ()
    try:
        yield
    finally:
        manager._instances = instances


def _quiet() -> None:
    """In a child made by `os.fork`: what the C helper does in its own children."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    sys.stdout = sys.stderr = None
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)

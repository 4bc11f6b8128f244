"""What the forked child does: pickle, send, end. It never returns into the kernel's code."""

from __future__ import annotations

import _frozen_importlib
import contextlib
import gc
import os
import socket
import stat
import sys
import traceback
from dataclasses import dataclass
from typing import Any, Callable, NoReturn

from . import forking, stream, wire
from .boundary import Boundaries
from .progress import Progress
from .sink import PartSink, Pipe

DONE = 0
FAILED = 70  # the report says why
IN_A_CELL = 75  # forked between the look at the kernel's state and its next cell: to be tried again


@dataclass
class Job:
    """All that the child needs, gathered before the fork."""

    shell: Any
    boundaries: Boundaries
    progress: Progress
    pipe: int
    life: int  # the parent reads its other end: it closes when the child ends
    at_boundary: bool
    base: bytes
    skip: frozenset[str]
    dump: Callable[..., dict[str, Any]]
    overtaken: bool = False  # a cell has begun since the fork


def run(job: Job, forked: forking.Forked) -> NoReturn:
    """The child's whole life."""
    code = FAILED
    try:
        gc.disable()  # a collection would touch, and so copy, every page of small objects
        forking.restore_random(forked.random)
        _forget_module_locks()
        code = IN_A_CELL if job.at_boundary and not job.boundaries.idle else _save(job)
    finally:
        os._exit(code)


def obey(job: Job, forked: forking.Forked, sock: socket.socket) -> NoReturn:
    """The life of a child that was kept in reserve, from the moment that its order to save has come to `sock`."""
    code = FAILED
    try:
        gc.disable()
        forking.restore_random(forked.random)
        _forget_module_locks()
        request, base, (job.pipe, job.life) = wire.receive(sock)
        job.base, job.skip, job.overtaken = bytes(base), frozenset(request["skip"]), True
        os.nice(int(request["niceness"]))
        code = _save(job)
    finally:
        os._exit(code)


def _save(job: Job) -> int:
    _close_what_others_wait_for({job.pipe, job.life})
    sys.stdout = sys.stderr = silence = open(os.devnull, "w")  # noqa: SIM115, PTH123
    vars(sys).update(__stdout__=silence, __stderr__=silence)
    pipe = Pipe(job.pipe, job.progress, forking.splice)
    pipe.write(stream.json_frame(stream.HELLO, _hello(job), stream.VERSION))
    sink = PartSink(pipe, stream.unpack_base(job.base), forking.checks)
    report, good = _dump(job, sink)
    pipe.write(stream.json_frame(stream.END, report, int(good)))
    pipe.drain()
    return DONE if good else FAILED


def _dump(job: Job, sink: PartSink) -> tuple[dict[str, Any], bool]:
    try:
        walk = forking.survey if forking.checks else None
        return job.dump(job.shell, sink, skip=job.skip, progress=job.progress.at, walk=walk), True
    except BaseException as error:  # noqa: BLE001 - whatever it is, the server must learn of it
        return {"error": repr(error), "traceback": traceback.format_exc()}, False


def _hello(job: Job) -> dict[str, Any]:
    """Read in the child, where the kernel's state can no longer change: so it fits the parts exactly."""
    return {
        "pid": os.getpid(),
        "check": stream.CHECK if forking.checks else None,
        "python": "{}.{}.{}".format(*sys.version_info),
        "notes": job.boundaries.notes,
        "boundary": {
            "last_msg_id": job.boundaries.last_msg_id,
            "execution_count": getattr(job.shell, "execution_count", None),
            "mid_cell": job.boundaries.current_msg_id is not None,
            "current_msg_id": job.boundaries.current_msg_id,
            "overtaken": job.overtaken,
        },
    }


def _forget_module_locks() -> None:
    """A module that another thread was importing stays locked for ever here; pickle imports what it names."""
    getattr(_frozen_importlib, "_module_locks", {}).clear()


def _close_what_others_wait_for(keep: set[int]) -> None:
    """Close sockets, pipes and devices: a port must become free, and a pipe must end, when the *kernel* closes it.

    (`_forker.c` does so once more, for a child that must not run Python yet. This one needs no helper.)
    """
    for entry in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"):  # noqa: PTH208 - numbers only
        fd = int(entry)
        if fd <= 2 or fd in keep:
            continue
        with contextlib.suppress(OSError):  # the descriptor of the listing itself
            kind = os.fstat(fd).st_mode
            if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
                os.close(fd)

"""Takes one snapshot: forks at the right instant, then watches the child without ever waiting for it blindly.

A child can hang (a lock held by a thread that it does not have, a `__reduce__` that blocks) or crash; it is then killed,
and the variable that it was at is reported, so that the next try can leave it out.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

from . import child, forking, wire
from .boundary import Boundaries
from .progress import Progress
from .reaper import Reaper
from .reserve import Reserve
from .watch import watch

_ARMED_TICK_S = 0.5
_LAST_CHILD_S = 2.0  # a child whose stream is complete still has to give its memory back


class Saver:
    """One kernel's snapshots; at most one child at a time."""

    def __init__(self, shell: Any, boundaries: Boundaries) -> None:
        self._shell = shell
        self._boundaries = boundaries
        self._lock = threading.Lock()
        self.reaper = Reaper()
        self._reserve = Reserve(boundaries, self._sleeper, child.obey, self.reaper.bury)
        self.child: int | None = None

    def save(self, conn: socket.socket, request: dict[str, Any], base: bytes, pipe: int) -> None:
        """Serve one snapshot request; events go to `conn`, the parts to `pipe`. If `conn` closes, the child is killed."""
        if not self._lock.acquire(timeout=_LAST_CHILD_S):
            os.close(pipe)
            wire.send(conn, {"event": "refused", "reason": "another snapshot of this kernel is under way"})
            return
        try:
            if request.get("reserve"):
                self._reserve.begin()
            self._attempt(conn, request, base, pipe)
        finally:
            self._lock.release()

    def _sleeper(self) -> child.Job:
        """The job of a child in reserve; what is missing comes with its order."""
        self.reaper.reap()
        return child.Job(self._shell, self._boundaries, Progress(), -1, -1, True, b"", frozenset(), warm_up())

    def _attempt(self, conn: socket.socket, request: dict[str, Any], base: bytes, pipe: int) -> None:
        alive, life = os.pipe()
        job = child.Job(
            shell=self._shell,
            boundaries=self._boundaries,
            progress=Progress(),
            pipe=pipe,
            life=life,
            at_boundary=request["when"] == "boundary",
            base=base,
            skip=frozenset(request.get("skip", ())),
            dump=warm_up(),
        )
        try:
            self._fork_and_watch(conn, request, job, alive)
        finally:
            for fd in (alive, job.life, job.pipe):
                if fd >= 0:
                    os.close(fd)
            job.progress.close()

    def _fork_and_watch(self, conn: socket.socket, request: dict[str, Any], job: child.Job, alive: int) -> None:
        options = {"niceness": int(request.get("niceness", 0)), "stop": bool(request.get("freeze"))}
        forked = self._fork(conn, job, options)
        if forked is None:
            return
        pid, pause = forked
        os.close(job.life)
        os.close(job.pipe)
        job.life = job.pipe = -1
        self.child = pid
        try:
            wire.send(conn, {"event": "forked", "pid": pid, "pause_s": pause})
            outcome = watch(conn, pid, job.progress, alive, float(request.get("hang_s", 20)), self.reaper)
            wire.send(conn, {"event": "ended", **outcome})
        except OSError:
            self.reaper.kill(pid)  # the client is gone, and with it the reason for this child
        finally:
            self.child = None

    def _fork(self, conn: socket.socket, job: child.Job, options: dict[str, Any]) -> tuple[int, float] | None:
        """Fork now, or at the next boundary; None if the client went away before."""
        if forking.ANY_THREAD and (not job.at_boundary or self._boundaries.idle):
            return self._fork_here(job, options)
        ordered = self._order(job, options) if job.at_boundary else None
        if ordered is not None:
            return ordered
        if not job.at_boundary and not self._boundaries.idle:
            raise RuntimeError("without its C helper a kernel can be saved between cells only")
        return self._fork_at_boundary(conn, job, options)

    def _order(self, job: child.Job, options: dict[str, Any]) -> tuple[int, float] | None:
        """Have the copy in reserve save, if there is one. Nothing is forked, so nothing is stopped either."""
        kept = self._reserve.take()
        if kept is None:
            return None
        job.progress, kept.job.progress = kept.job.progress, job.progress
        kept.job.progress.close()
        try:
            kept.hand({"skip": sorted(job.skip), "niceness": options["niceness"]}, job.base, [job.pipe, job.life])
        except OSError:  # its time was just over
            self.reaper.bury(kept.pid)
            return None
        return kept.pid, kept.pause

    def _fork_here(self, job: child.Job, options: dict[str, Any]) -> tuple[int, float]:
        if job.at_boundary:
            self._reserve.copied()
        forked = forking.fork(**options)
        if forked.pid == 0:
            child.run(job, forked)
        return forked.pid, forked.pause

    def _fork_at_boundary(
        self, conn: socket.socket, job: child.Job, options: dict[str, Any]
    ) -> tuple[int, float] | None:
        done = threading.Event()
        results: list[tuple[int, float]] = []
        errors: list[Exception] = []

        def at_boundary() -> None:
            started = time.perf_counter()
            try:
                if _hung_up(conn):
                    return
                pid, _ = self._fork_here(job, options)
                results.append((pid, time.perf_counter() - started))
            except Exception as error:  # noqa: BLE001 - raised again in the agent's thread, not in the user's
                errors.append(error)
            finally:
                done.set()

        self._boundaries.arm(at_boundary)
        if not forking.ANY_THREAD:
            self._shell.kernel.io_loop.add_callback(self._boundaries.look)  # the main thread, when no cell runs
        elif self._boundaries.idle and self._boundaries.disarm():  # the cell ended while we armed
            return self._fork_here(job, options)
        while not done.wait(_ARMED_TICK_S):
            if _hung_up(conn) and self._boundaries.disarm():
                return None
        if errors:
            raise errors[0]
        return results[0] if results else None


def warm_up() -> Any:
    """Import all that pickles, and return `dump`.

    A child would have to import it anew for each snapshot; and if another thread was importing it at the fork, the
    child would wait for that thread for ever.
    """
    from .pickling import dump, dumper, families  # noqa: F401, PLC0415 - large; the user's first cell should not wait

    for name in families.NAMES:
        families.family(name)
    return dump


def _hung_up(conn: socket.socket) -> bool:
    try:
        return conn.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True

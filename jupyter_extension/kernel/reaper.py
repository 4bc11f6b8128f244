"""Ends and buries the kernel's children, without ever waiting for one that may not die.

They have no exit signal, so that nothing of the user's is told about them; and so nobody but us waits for them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

from . import child

_WALL = 0x40000000  # our children have no exit signal; only __WALL waits for such
_REAP_S = 5.0


class Reaper:
    """Knows the children that were ended and are not gone yet."""

    def __init__(self) -> None:
        self._unreaped: list[int] = []

    def kill(self, pid: int) -> None:
        """End a child at once; one that is stuck in the operating system is left to `reap`."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + _REAP_S
        while wait(pid) is None:
            if time.monotonic() > deadline:  # stuck in the operating system: reaped with a later snapshot
                self.bury(pid)
                return
            time.sleep(0.005)
        self.reap()

    def bury(self, pid: int) -> None:
        """Leave a child that ends to `reap`."""
        self._unreaped.append(pid)

    def reap(self) -> None:
        """Bury children that did not die at once. The list is changed in place: threads meet here."""
        for pid in [one for one in list(self._unreaped) if wait(one) is not None]:
            with contextlib.suppress(ValueError):
                self._unreaped.remove(pid)


def wait(pid: int) -> int | None:
    """The wait status of a child that has ended, else None. A child that somebody else reaped counts as killed."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG | _WALL)
    except ChildProcessError:
        return int(signal.SIGKILL)
    return status if found else None


def outcome(status: int) -> dict[str, Any]:
    """What became of a child with this wait status, in the words of the protocol."""
    if os.WIFSIGNALED(status):
        return {"outcome": "crashed", "signal": os.WTERMSIG(status)}
    code = os.WEXITSTATUS(status)
    names = {child.DONE: "done", child.FAILED: "failed", child.IN_A_CELL: "in-a-cell"}
    return {"outcome": names.get(code, "crashed"), "code": code}

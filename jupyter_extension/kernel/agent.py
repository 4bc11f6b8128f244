"""The agent: a few threads beside the user's code that answer the server on a unix socket.

Its threads are started below the `threading` module, so that the user's `threading.enumerate()` and the end of the
interpreter know nothing of them. They hold the GIL for moments only, and never wait for anything while they hold it.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import os
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

from . import forking, wire
from .boundary import Boundaries
from .loading import Loader
from .saving import Saver, warm_up

PROTOCOL = 1
_STACK = 512 << 20  # address space, not memory: pickling deep structures in the child needs a deep stack
_PEER = struct.Struct("3i")


class Agent:
    """One per kernel."""

    def __init__(self, shell: Any, path: str) -> None:
        self.path = path
        self._shell = shell
        self.boundaries = Boundaries(shell.kernel)
        self._saver = Saver(shell, self.boundaries)
        self.loader = Loader(shell)
        self._memory: dict[str, str] = {}
        self._pid = os.getpid()

    def start(self) -> None:
        """Listen, hook, and return at once."""
        listener = _listen(self.path)
        os.register_at_fork(after_in_child=listener.close)  # or a child of the user's would seem to be this kernel
        atexit.register(self._remove_socket)
        self.boundaries.install()
        self._spawn(self._accept, listener)
        self._spawn(warm_up)

    def _spawn(self, target: Any, *args: Any) -> None:
        former = _thread.stack_size()
        with contextlib.suppress(ValueError, RuntimeError):
            _thread.stack_size(_STACK)
        try:
            _thread.start_new_thread(self._guarded, (target, *args))
        except RuntimeError:  # an address space limit: the usual stack must do
            _thread.stack_size(former)
            _thread.start_new_thread(self._guarded, (target, *args))
        finally:
            _thread.stack_size(former)

    def _guarded(self, target: Any, *args: Any) -> None:
        try:
            target(*args)
        except BaseException as error:  # noqa: BLE001 - a traceback here would be printed into the user's cell
            self.boundaries.note(f"in the agent: {error!r}")

    def _accept(self, listener: socket.socket) -> None:
        while True:
            conn, _ = listener.accept()
            if _peer_uid(conn) in (os.getuid(), 0):
                self._spawn(self._serve, conn)
            else:
                conn.close()

    def _serve(self, conn: socket.socket) -> None:
        with conn:
            while True:
                try:
                    request, blob, fds = wire.receive(conn)
                except (wire.WireError, OSError):
                    return
                try:
                    self._answer(conn, request, blob, fds)
                finally:
                    for fd in fds:
                        os.close(fd)

    def _answer(self, conn: socket.socket, request: dict[str, Any], blob: bytearray, fds: list[int]) -> None:
        operation = request.get("op")
        try:
            if operation == "snapshot":
                self._saver.save(conn, request, bytes(blob), os.dup(fds[0]))
            elif operation == "load":
                self.loader.receive(conn, request, fds)
                wire.send(conn, {"event": "received"})
            elif operation == "remember":
                self._memory[str(request["key"])] = str(request["value"])
                wire.send(conn, {"event": "remembered"})
            elif operation == "recall":
                wire.send(conn, {"event": "recalled", "value": self._memory.get(str(request["key"]))})
            elif operation == "report":
                wire.send(conn, {"event": "report", "report": self.loader.report})
            else:
                wire.send(conn, {"event": "status", **self._status()})
        except (OSError, wire.WireError):
            raise
        except Exception as error:  # noqa: BLE001 - told to the server; the agent goes on
            self.boundaries.note(f"{operation}: {error!r}")
            wire.send(conn, {"event": "refused", "reason": repr(error)})

    def _status(self) -> dict[str, Any]:
        self._saver.reaper.reap()
        return {
            "protocol": PROTOCOL,
            "pid": self._pid,
            "python": "{}.{}.{}".format(*sys.version_info),
            "busy": not self.boundaries.idle,
            "execution_count": getattr(self._shell, "execution_count", None),
            "last_msg_id": self.boundaries.last_msg_id,
            "current_msg_id": self.boundaries.current_msg_id,
            "child": self._saver.child,
            "fork_anywhere": forking.ANY_THREAD,
            "notes": self.boundaries.notes,
        }

    def _remove_socket(self) -> None:
        if os.getpid() == self._pid:
            with contextlib.suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108


def _listen(path: str) -> socket.socket:
    folder = Path(path).parent
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise PermissionError(f"{folder} must be a folder of this user's alone (mode 0700)")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - left behind by a kernel that is gone
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    Path(path).chmod(0o600)
    listener.listen(16)
    return listener


def _peer_uid(conn: socket.socket) -> int:
    if not hasattr(socket, "SO_PEERCRED"):  # the folder's mode is the guard there
        return os.getuid()
    return int(_PEER.unpack(conn.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))[1])

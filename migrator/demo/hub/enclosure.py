"""Gives each user server a home at the same path on every member, as containers do.

`python -m migrator.demo.hub.enclosure HOME MOUNT_POINT PROGRAM [ARGUMENT...]` mounts HOME over MOUNT_POINT in a mount
namespace of its own and becomes PROGRAM there. Where the kernel or its policy forbids such namespaces, PROGRAM runs
with HOME at its true path, which differs between members: then only paths relative to the home survive a move.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_BIND = 0x1000
MS_REC_PRIVATE = 0x4000 | 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def enter(home: Path, mount_point: Path) -> Path:
    """Mount `home` over `mount_point` for this process and its children; returns the home's path as they see it."""
    try:
        _unshare()
        _mount(None, Path("/"), MS_REC_PRIVATE)
        _mount(home, mount_point, MS_BIND)
    except OSError as error:
        sys.stderr.write(f"the home stays at {home}: no mount namespace here ({error})\n")
        return home
    return mount_point


def _unshare() -> None:
    uid, gid = os.getuid(), os.getgid()
    namespaces = CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER
    _check(_libc.unshare(namespaces))
    if namespaces & CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _mount(source: Path | None, target: Path, flags: int) -> None:
    origin = None if source is None else os.fsencode(source)
    _check(_libc.mount(origin, os.fsencode(target), None, ctypes.c_ulong(flags), None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(argv: list[str]) -> None:
    """Never returns: this process becomes the program."""
    home = enter(Path(argv[0]), Path(argv[1]))
    os.chdir(home)
    os.environ["HOME"] = str(home)
    os.execvp(argv[2], argv[2:])  # noqa: S606 - to run a given program is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])

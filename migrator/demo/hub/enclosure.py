"""Gives each user server a home and a folder for temporary files of its own at paths that are equal on every member.

Containers have both. `python -m migrator.demo.hub.enclosure HOME HOME_POINT TMP TMP_POINT PROGRAM [ARGUMENT...]` mounts
HOME over HOME_POINT and TMP over TMP_POINT in a mount namespace and becomes PROGRAM there. Where the kernel or its policy
forbids such namespaces, PROGRAM runs with HOME at its true path, which differs between members: then only paths
relative to the home survive a move.
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


def enter(binds: dict[Path, Path]) -> bool:
    """Mount each value over its key for this process and its children; False if that is not possible here."""
    try:
        _unshare()
        _mount(None, Path("/"), MS_REC_PRIVATE)
        for point, source in binds.items():
            _mount(source, point, MS_BIND)
    except OSError as error:
        sys.stderr.write(f"no mount namespace here ({error}): paths differ between members\n")
        return False
    return True


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
    home, home_point, tmp, tmp_point = map(Path, argv[:4])
    entered = enter({home_point: home, tmp_point: tmp})
    os.environ["HOME"] = str(home_point if entered else home)
    os.environ["TMPDIR"] = str(tmp_point if entered else tmp_point / home.parent.name)
    Path(os.environ["TMPDIR"]).mkdir(exist_ok=True)
    os.chdir(os.environ["HOME"])
    os.execvp(argv[4], argv[4:])  # noqa: S606 - to run a given program is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])

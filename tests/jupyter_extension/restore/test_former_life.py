"""A session that comes back where it was: what is left of its former life must not be taken for the new one."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_extension.kernel_client import attach
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.test_move import covered, move, opened


@contextlib.contextmanager
def silent_holder(rig: Rig, kernel: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Holds the socket of a kernel's agent at b and never answers, as a stopped copy of the former kernel does."""
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(rig._tmp("b")))
        path = attach.socket_path(f"{rig._sockets.name}/b/kernel-{kernel}.json")
    Path(path).parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as holder:
        holder.bind(path)
        holder.listen()
        yield path


def inode(path: str) -> int:
    return Path(path).stat().st_ino


async def test_a_copy_that_still_holds_the_kernels_socket_is_not_asked(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, kernel, page = await opened(rig)
    await page.run("x = 42")
    await covered(a)
    with silent_holder(rig, kernel, monkeypatch) as path:
        held = inode(path)
        b, report = await move(rig, a)
        assert inode(path) != held
    assert report["kernels"][0]["lost"] == []
    await page.connect(b)
    assert (await page.run("print(x)")).text == "42\n"

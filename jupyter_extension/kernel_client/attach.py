"""Gets the agent into a kernel: finds it on its socket, or sends the silent request that starts it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tempfile
from pathlib import Path

import jupyter_extension.kernel
from jupyter_extension.kernel_client.errors import KernelError, KernelNotSupported
from jupyter_extension.kernel_client.silent import SilentClient

PACKAGE = "session_migrator_kernel"
OLDEST = (3, 8)
_LONGEST = 107  # bytes of a unix socket's path: unix(7)
_FOLDER = Path(jupyter_extension.kernel.__file__).resolve().parent

_START = """\
import sys
if sys.version_info[:2] < {oldest!r}:
    raise RuntimeError("its Python is %d.%d; {oldest[0]}.{oldest[1]} or later is needed" % sys.version_info[:2])
if {package!r} not in sys.modules:
    from importlib.util import module_from_spec, spec_from_file_location
    spec = spec_from_file_location({package!r}, {init!r}, submodule_search_locations=[{folder!r}])
    sys.modules[{package!r}] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[{package!r}])
from {package}.inject import start
start({path!r})
"""


def socket_path(connection_file: str) -> str:
    """Where the agent of this kernel listens: the same for everybody, and never too long for a unix socket.

    It lies in the temporary folder, since two containers may use equal paths for different kernels. Where that folder's
    name is too long, it lies in /tmp under a name that stands for both.
    """
    temporary, kernel = tempfile.gettempdir(), os.path.realpath(connection_file)
    path = _socket(temporary, kernel)
    return path if len(os.fsencode(path)) <= _LONGEST else _socket("/tmp", f"{temporary}\0{kernel}")  # noqa: S108 - the agent refuses a folder that others may enter


def _socket(folder: str, meaning: str) -> str:
    name = hashlib.blake2b(os.fsencode(meaning), digest_size=10).hexdigest()
    return str(Path(folder) / f"session-migrator-{os.getuid()}" / name)


def connect(path: str) -> socket.socket | None:
    """A connection to the agent that listens at `path`, or None if there is none."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        return None
    return sock


def forget(connection_file: str) -> None:
    """A kernel is about to start with this file: whoever listens at its agent's address is left of a former one.

    A stopped copy of a kernel has that socket from it, and would take the call and never answer.
    """
    with contextlib.suppress(OSError):
        Path(socket_path(connection_file)).unlink()


async def inject(connection_file: str, *, timeout: float, answer: float) -> None:
    """Start the agent in the kernel. Raises as `KernelAgent.attach` does."""
    async with SilentClient(connection_file) as client:
        info = await client.kernel_info(answer)
        _check(info)
        code = _START.format(
            oldest=OLDEST,
            package=PACKAGE,
            init=str(_FOLDER / "__init__.py"),
            folder=str(_FOLDER),
            path=socket_path(connection_file),
        )
        try:
            await client.evaluate(f"__import__('builtins').exec({code!r}, {{'__name__': {PACKAGE!r}}})", timeout)
        except KernelError as error:
            if type(error) is not KernelError:
                raise
            raise KernelNotSupported(f"left alone: {error}") from error


def _check(info: dict) -> None:  # type: ignore[type-arg]
    language = (info.get("language_info") or {}).get("name", "unknown")
    if str(language).lower() != "python":
        raise KernelNotSupported(f"left alone: its language is {language}, and only Python kernels can be saved")

"""How the agent gets into a kernel, and that the user sees nothing of it."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest
import zmq
from jupyter_client.connect import write_connection_file

from jupyter_extension.kernel_client import KernelAgent, KernelBusy, KernelNotFound, KernelNotSupported
from jupyter_extension.kernel_client.attach import socket_path
from tests.jupyter_extension.kernel_client.conftest import Kernels

ECHO = """
import sys
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
class Echo(Kernel):
    implementation = "echo"; implementation_version = "1"; language_info = {"name": "echo"}; banner = ""
    async def do_execute(self, code, silent, *_, **__):
        return {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {}}
IPKernelApp.launch_instance(argv=sys.argv[1:], kernel_class=Echo)
"""


async def test_the_user_sees_nothing_of_it(kernels: Kernels) -> None:
    kernel = await kernels.bare()
    await kernel.run("'an output'")
    look = "(sorted(n for n in globals() if not n.startswith('_i')), len(In), sorted(Out), _, get_ipython().execution_count)"
    threads = "len(__import__('threading').enumerate())"
    before = await kernel.value(look), await kernel.value(threads)
    agent = await KernelAgent.attach(kernel.connection_file)
    await kernels.save(agent)
    assert (await kernel.value(look), await kernel.value(threads)) == before
    assert await kernel.stray_messages() == []


async def test_a_second_attach_finds_the_same_agent(kernels: Kernels) -> None:
    kernel, first = await kernels.start()
    second = await KernelAgent.attach(kernel.connection_file)
    assert second.pid == first.pid == kernel.process.pid
    assert _modes(Path(socket_path(kernel.connection_file))) == (0o600, 0o700)


def _modes(path: Path) -> tuple[int, int]:
    assert len(os.fsencode(path)) < 108
    return stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)


async def test_a_long_temporary_folder_does_not_keep_the_agent_out(
    kernels: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = await kernels.bare()
    paths = set()
    for name in ("a", "b"):
        folder = tmp_path / (name * 120)
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        paths.add(socket_path(kernel.connection_file))
    assert len(paths) == 2, "equal connection files of two containers are two kernels"
    agent = await KernelAgent.attach(kernel.connection_file)
    assert agent.pid == kernel.process.pid
    assert _modes(Path(socket_path(kernel.connection_file))) == (0o600, 0o700)


async def test_a_restarted_kernel_gets_a_new_agent(kernels: Kernels) -> None:
    kernel, first = await kernels.start()
    kernel.process.kill()
    kernel.process.wait()
    again = await type(kernel).start(Path(kernel.connection_file).parent, name=Path(kernel.connection_file).stem)
    try:
        second = await KernelAgent.attach(again.connection_file)
        assert second.pid == again.process.pid != first.pid
    finally:
        await again.close()


@pytest.mark.parametrize("transport", ["ipc", "curve"])
async def test_other_transports(kernels: Kernels, tmp_path: Path, transport: str) -> None:
    if transport == "ipc":
        arguments: tuple[str, ...] = ("--transport=ipc", f"--ip={tmp_path / 's'}")
    else:
        public, secret = zmq.curve_keypair()
        file = str(tmp_path / "kernel0.json")
        write_connection_file(file, key=b"k", curve_publickey=public, curve_secretkey=secret)
        arguments = ()
    kernel = await kernels.bare(arguments=arguments)
    await kernel.run("x = 1")
    target = await kernels.move(await KernelAgent.attach(kernel.connection_file))
    assert await target.value("x") == 1


async def test_attaching_waits_for_the_running_cell(kernels: Kernels) -> None:
    kernel = await kernels.bare()
    cell = kernel.begin("import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)")
    with pytest.raises(KernelBusy):
        await KernelAgent.attach(kernel.connection_file, timeout=0.2)
    attaching = asyncio.ensure_future(KernelAgent.attach(kernel.connection_file))
    (Path(kernel.connection_file).parent / "go").touch()
    assert (await kernel.end(cell)).status == "ok"
    assert (await attaching).pid == kernel.process.pid


async def test_a_kernel_of_another_language_is_left_alone(kernels: Kernels, tmp_path: Path) -> None:
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    kernel = await kernels.bare(command=(sys.executable, str(script)))
    with pytest.raises(KernelNotSupported, match="left alone: its language is echo"):
        await KernelAgent.attach(kernel.connection_file)


async def test_no_kernel(tmp_path: Path, kernels: Kernels) -> None:
    with pytest.raises(KernelNotFound, match="no connection file"):
        await KernelAgent.attach(str(tmp_path / "none.json"))
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(KernelNotFound, match="not a connection file"):
        await KernelAgent.attach(str(tmp_path / "other.json"))
    kernel = await kernels.bare()
    kernel.process.kill()
    with pytest.raises(KernelNotFound, match="no kernel answers"):
        await KernelAgent.attach(kernel.connection_file, answer=0.2)

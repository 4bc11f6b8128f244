"""The kernel's Python is not the server's: one agent serves all from 3.8 on, and old kernels as well."""

from __future__ import annotations

import pytest

from jupyter_extension.kernel_client import KernelAgent, KernelBusy, KernelNotSupported
from tests.jupyter_extension.kernel_client.conftest import Kernels
from tests.rigs import pythons
from tests.rigs.kernels import until

OLD_KERNELS = [
    ("3.8.18", "ipykernel==5.5.6", "ipython<8", "jupyter_client<7", "pyzmq<23", "tornado<6.2", "traitlets<5.10"),
    ("3.8.18", "ipykernel==6.4.2", "ipython<8", "jupyter_client<7", "pyzmq<23", "tornado<6.2", "traitlets<5.10"),
    ("3.9.18", "ipykernel==6.15.3", "ipython<8.8", "traitlets<5.10"),
]

LONG = "import os, time\nopen('long', 'w').close()\nwhile not os.path.exists('end'): time.sleep(0.01)"


async def _moves_at_boundaries(kernels: Kernels, python: str) -> None:
    kernel, agent = await kernels.start(python=python)
    cell = kernel.begin(
        "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\nx = {1: [2]}; y = x[1]; z = bytearray(b'ab') * (5 << 20)"
    )
    while (await agent.status()).current_msg_id != cell:
        pass
    early, _, _ = await kernels.save(agent, when="now", reserve=True)
    assert early.boundary["mid_cell"] is True
    (kernel.log.parent / "go").touch()
    entry, manifest, _ = await kernels.save(agent)
    assert (await kernel.end(cell)).status == "ok"
    assert entry.boundary["last_msg_id"] == cell
    assert entry.python == (await agent.status()).python
    target, other = await kernels.start(python=python)
    await kernels.load(other, manifest)
    assert await target.value("(x, y is x[1], len(z), z.count(b'ab'))") == ({1: [2]}, True, 10 << 20, 5 << 20)
    short, long = kernel.begin("short = 1"), kernel.begin(LONG)
    await until((kernel.log.parent / "long").exists)
    try:
        kept, _, _ = await kernels.save(agent, timeout=60)
    except KernelBusy:  # the cell waits for us, and would do so for ever
        pytest.fail(f"no copy of the boundary was kept: {(await agent.status()).notes}")
    assert (kept.boundary["last_msg_id"], kept.boundary["overtaken"]) == (short, True)
    (kernel.log.parent / "end").touch()
    await kernel.end(long)
    assert ((await agent.status()).notes, (await other.status()).notes) == ([], [])
    assert (await agent.status()).fork_anywhere is True


@pytest.mark.parametrize("version", pythons.found())
async def test_each_python(kernels: Kernels, version: str) -> None:
    await _moves_at_boundaries(kernels, pythons.with_ipykernel(version))


@pytest.mark.parametrize("requirements", OLD_KERNELS, ids=lambda one: one[1])
async def test_old_ipykernels(kernels: Kernels, requirements: tuple[str, ...]) -> None:
    version, *wanted = requirements
    if version not in pythons.found():
        pytest.skip(f"Python {version} is not here")
    await _moves_at_boundaries(kernels, pythons.with_ipykernel(version, *wanted))


async def test_a_python_that_is_too_old_is_left_alone(kernels: Kernels) -> None:
    version = "3.7.16"
    if not pythons.installed(version):
        pytest.skip(f"Python {version} is not here")
    kernel = await kernels.bare(python=pythons.with_ipykernel(version))
    with pytest.raises(KernelNotSupported, match=r"left alone.*3\.7"):
        await KernelAgent.attach(kernel.connection_file)
    await kernel.run("x = 1")

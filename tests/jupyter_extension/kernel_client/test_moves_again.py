"""What a restoration made is moved again as what the user had made: a session moves many times."""

from __future__ import annotations

import pytest

from jupyter_extension.kernel_client import KernelAgent
from tests.jupyter_extension.kernel_client.conftest import Kernels

BUILD = """
import numpy
large = numpy.random.default_rng(1).random(1 << 20)
small = [numpy.full(1 << 16, float(number)) for number in range(8)]
part = large[10:20]
mode = lambda array: next(
    fields[1] for fields in map(str.split, open("/proc/self/maps"))
    if int(fields[0].split("-")[0], 16) <= array.ctypes.data < int(fields[0].split("-")[1], 16)
)
"""
PRIVATE = "sorted({mode(array) for array in (large, *small)})"


@pytest.fixture
async def moved(kernels: Kernels):
    """A kernel whose state came here by its second move, and the bytes that each of three snapshots took."""
    kernel, agent = await kernels.start()
    await kernel.run(BUILD)
    sizes = []
    for _ in range(2):
        _, manifest, writer = await kernels.save(agent)
        sizes.append(writer.bytes_written)
        kernel, agent = await kernels.start()
        await kernels.load(agent, manifest)
    _, _, writer = await kernels.save(agent)
    return kernel, [*sizes, writer.bytes_written]


async def test_its_memory_is_its_own(moved) -> None:
    kernel, _ = moved
    assert await kernel.value(PRIVATE) == ["rw-p"], "a forked child would see what the kernel writes"
    await kernel.run("part[0] = 7.0")
    assert await kernel.value("(float(large[10]), [float(array.sum()) for array in small])") == (
        7.0,
        [float(number << 16) for number in range(8)],
    )


async def test_no_snapshot_is_larger_than_the_one_before(moved) -> None:
    _, sizes = moved
    assert max(sizes) < 1.01 * min(sizes)


async def test_the_memory_itself_may_have_a_name(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(BUILD + "little = numpy.arange(1 << 17)")
    kernel = await kernels.move(agent)
    await kernel.run("below, under = large.base, little.base")
    target = await kernels.move(await KernelAgent.attach(kernel.connection_file))
    await target.run("large[0] = 5.0; little[1] = 6")
    found = "(memoryview(below).cast('B')[:8] == large[:1].tobytes(), memoryview(under).cast('B')[8:16] == little[1:2].tobytes())"
    assert await target.value(found) == (True, True)
    assert await target.value(PRIVATE) == ["rw-p"]

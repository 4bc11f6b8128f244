"""Kernels to measure in: those of the tests, with an interpreter and an environment of one's choice."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.rigs.kernels import LiveKernel

WARM_UP = "pass"


@contextlib.asynccontextmanager
async def kernel(
    folder: Path,
    name: str,
    python: Path | None = None,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LiveKernel]:
    """A kernel that has run one cell; it ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").unlink(missing_ok=True)
    before = dict(os.environ)
    os.environ.update(environment or {})
    try:
        options = {"python": str(python)} if python else {}
        live = await LiveKernel.start(folder, name=name, arguments=arguments, **options)
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        await live.run(WARM_UP)
        yield live
    finally:
        await live.close()


async def seconds(live: LiveKernel, code: str) -> float:
    """How long a cell takes, as its user sees it: until the kernel is idle again."""
    start = time.perf_counter()
    await live.run(code)
    return time.perf_counter() - start

"""ElasticKernel: a kernel class that records each cell, and saves and restores when told on the control channel."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.environments import Unavailable, environment
from benchmarks.kernels import kernel
from benchmarks.samples import Samples
from benchmarks.states import IMPORTS, State
from tests.rigs.kernels import LIMIT_S, LiveKernel

REQUIREMENT = "elastic-kernel==0.2.3"
CLASS = ("--IPKernelApp.kernel_class=elastic_kernel.kernel.ElasticKernel",)


async def run(state: State, folder: Path, samples: Samples) -> None:
    """The same three snapshots as `ours.run`."""
    python = await environment(REQUIREMENT)
    work = folder / "elastic"
    work.mkdir()
    notebook = work / "notebook.ipynb"
    notebook.write_text("{}")  # its inode names the checkpoint
    async with kernel(work, "elastic", python, CLASS, around(notebook)) as live:
        await live.run(state.build)
        for name, change in (("first", "pass"), ("element", state.element), ("small", state.small)):
            await live.run(change)
            samples.add(name, await ask(live, "checkpoint"))
            samples.add(f"{name} bytes", next(work.rglob("checkpoint.pickle")).stat().st_size)
        samples.values["pause"] += [samples.values[name][-1] for name in ("first", "element", "small")]
        proof = await live.value(state.proof)
    async with kernel(work, "elastic-restored", python, CLASS, around(notebook)) as fresh:
        await fresh.run(IMPORTS)
        samples.add("restore", await ask(fresh, "restore"))
        if await fresh.value(state.proof) != proof:
            samples.note("restored wrong")


def around(notebook: Path) -> dict[str, str]:
    """The environment of a kernel that belongs to this notebook."""
    return {"JPY_SESSION_NAME": str(notebook), "ELASTIC_KERNEL_RESTORE_ON_STARTUP": "0"}


async def ask(live: LiveKernel, what: str) -> float:
    """`checkpoint` or `restore`; gives the seconds. Raises `Unavailable` if it says that it failed."""
    start = time.perf_counter()
    request = live.client.session.msg(f"elastic_{what}_request", {})
    live.client.control_channel.send(request)
    while True:
        reply: dict[str, Any] = await live.client.get_control_msg(timeout=LIMIT_S)
        if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
            break
    if not reply["content"].get("ok"):
        raise Unavailable(f"its {what} failed: {reply['content']}")
    return time.perf_counter() - start

"""dill and cloudpickle: the variables in one file, written by a cell, while which the user waits."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kernels import kernel, seconds
from benchmarks.page_cache import evict
from benchmarks.samples import Samples
from benchmarks.states import IMPORTS, State


async def run(library: str, state: State, folder: Path, samples: Samples) -> None:
    """The same three snapshots as `ours.run`; the file is synced to the disk after the first only, and this counted apart."""
    file = folder / f"{library}.pkl"
    names = ", ".join(f"{name!r}: {name}" for name in state.names)
    dump = f"with open({str(file)!r}, 'wb') as f: {library}.dump({{{names}}}, f, protocol=5)"
    sync = f"with open({str(file)!r}, 'rb+') as f: os.fsync(f.fileno())"
    async with kernel(folder, library) as live:
        await live.run(state.build)
        await live.run(f"import {library}")
        await live.run("import os")
        for name, change in (("first", "pass"), ("element", state.element), ("small", state.small)):
            await live.run(change)
            samples.add(name, await seconds(live, dump))
            samples.add(f"{name} bytes", file.stat().st_size)
            if name == "first":
                samples.add("synced", samples.values[name][-1] + await seconds(live, sync))
        samples.values["pause"] += [samples.values[name][-1] for name in ("first", "element", "small")]
        proof = await live.value(state.proof)
    load = f"with open({str(file)!r}, 'rb') as f: globals().update({library}.load(f))"
    for name in ("restore", "cold"):
        if name == "cold":
            evict(file)
        async with kernel(folder, f"{library}-{name}") as fresh:
            await fresh.run(f"{IMPORTS}, {library}")
            samples.add(name, await seconds(fresh, load))
            if await fresh.value(state.proof) != proof:
                samples.note("restored wrong")
    file.unlink()

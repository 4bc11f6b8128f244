"""Kishu: hooks that make a commit inside each cell, so a snapshot's cost is how much longer that cell takes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.environments import environment
from benchmarks.kernels import kernel, seconds
from benchmarks.samples import Samples
from benchmarks.states import State

REQUIREMENT = "kishu==0.3.4"
_START = """\
import nbformat, pathlib
from kishu.jupyterint import KishuForJupyter
from kishu.notebook_id import NotebookId
_path = pathlib.Path({path!r})
nbformat.write(nbformat.v4.new_notebook(), _path)
KishuForJupyter(NotebookId("benchmark", _path, "benchmark"), ip=get_ipython()).install_kishu_hooks()
"""


async def run(state: State, folder: Path, samples: Samples) -> None:
    """The same three snapshots as `ours.run`; the restoration is its checkout of the state after `element`."""
    python = await environment(REQUIREMENT)
    work = folder / "kishu"
    work.mkdir()
    samples.note('"first" includes making the state')
    around = {"ENV_KISHU_TEST_MODE": "1", "HOME": str(work)}
    async with kernel(work, "kishu", python, (), around) as live:
        await live.run(_START.format(path=str(work / "notebook.ipynb")))
        for name, cell in (("first", state.build), ("element", state.element), ("small", state.small)):
            before = _stored(work)
            taken = await seconds(live, cell)
            samples.add(name, taken)
            samples.add(f"{name} bytes", _stored(work) - before)
            samples.add("pause", samples.values[name][-1])
        proof = await live.value(state.proof)
        commit = await live.value("str(_kishu._kishu_branch.get_head().commit_id)")
        await live.run(f"{state.small}; {state.names[0]} = None")
        samples.add("restore", await seconds(live, f"_kishu.checkout({commit!r}, skip_notebook=True)"))
        if await live.value(state.proof) != proof:
            samples.note("restored wrong")


def _stored(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

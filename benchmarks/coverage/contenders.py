"""Who moves a library's rows: each builds them in a kernel of its own, and proves them in a fresh one on another working folder."""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import elastic
from benchmarks.coverage.environment import PYTHON
from benchmarks.coverage.outcome import Kind, Outcome, judge
from benchmarks.coverage.rows import Library, Row
from benchmarks.environments import Unavailable
from benchmarks.kernels import kernel
from benchmarks.ours import Session
from jupyter_extension.kernel_client import KernelAgent, KernelError
from tests.rigs.kernels import LiveKernel

CELL_S = 40.0
MOVE_S = 150.0

Outcomes = dict[str, Outcome]
Contender = Callable[[Library, list[Row], Path], Awaitable[Outcomes]]
FAULTS = (AssertionError, KernelError, Unavailable, OSError, RuntimeError, TimeoutError, queue.Empty)


async def contend(contender: Contender, library: Library, rows: list[Row], folder: Path) -> Outcomes:
    """The outcome of each row. If rows spoil the whole, each half is moved by itself, until the culprits stand alone."""
    folder.mkdir(parents=True)
    try:
        async with asyncio.timeout(MOVE_S):
            return await contender(library, rows, folder)
    except FAULTS as error:
        if len(rows) == 1:
            return {rows[0].name: Outcome(Kind.FAILED, reason_of(error))}
    middle = len(rows) // 2
    first = await contend(contender, library, rows[:middle], folder / "first")
    return first | await contend(contender, library, rows[middle:], folder / "second")


def reason_of(error: BaseException) -> str:
    """The last line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[-1][:300] if lines else f"no answer: {type(error).__name__}"


async def ours(library: Library, rows: list[Row], folder: Path) -> Outcomes:
    """This project by its real path: the agent in the kernel, a snapshot in a store, restored by the agent of another kernel."""
    session = Session(folder)
    try:
        async with built(library, rows, folder / "source") as live:
            await session.save(await KernelAgent.attach(live.connection_file))
            before = await proofs(live, rows)
        async with kernel(folder / "target", "target", PYTHON) as fresh:
            _, report = await session.load(await KernelAgent.attach(fresh.connection_file))
            named, changed = ({each["name"]: each["reason"] for each in report[kind]} for kind in ("lost", "changed"))
            await cell(fresh, library.imports)
            after = await proofs(fresh, rows)
    finally:
        await session.close()
    return {row.name: judge(before[row.name], after[row.name], named, changed, row.names) for row in rows}


async def pickles(module: str, library: Library, rows: list[Row], folder: Path) -> Outcomes:
    """Either of dill and cloudpickle: the variables of each row in a file of its own, which is kinder than the session as a whole."""
    found: Outcomes = {}
    async with built(library, rows, folder / "source") as live:
        for number, row in enumerate(rows):
            values = ", ".join(f"{name!r}: {name}" for name in row.names)
            write = f"with open({str(folder / str(number))!r}, 'wb') as _f: {module}.dump({{{values}}}, _f)"
            await _step(live, f"import {module}\n{write}", row, found)
        before = await proofs(live, rows)
    async with kernel(folder / "target", "target", PYTHON) as fresh:
        for number, row in enumerate(rows):
            read = f"with open({str(folder / str(number))!r}, 'rb') as _f: globals().update({module}.load(_f))"
            await _step(fresh, f"import {module}\n{read}", row, found)
        await cell(fresh, library.imports)
        after = await proofs(fresh, rows)
    for row in rows:
        found.setdefault(row.name, judge(before[row.name], after[row.name], {}, {}, row.names))
    return found


async def elastic_kernel(library: Library, rows: list[Row], folder: Path) -> Outcomes:
    """ElasticKernel: its kernel class, told to save and to restore by its own messages."""
    folder = folder / "elastic"
    folder.mkdir()
    notebook = folder / "notebook.ipynb"
    notebook.write_text("{}")  # its inode names the checkpoint
    environment = elastic.around(notebook)
    async with built(library, rows, folder, elastic.CLASS, environment) as live:
        await elastic.ask(live, "checkpoint")
        before = await proofs(live, rows)
    async with kernel(folder, "target", PYTHON, elastic.CLASS, environment) as fresh:
        await elastic.ask(fresh, "restore")
        await cell(fresh, library.imports)
        after = await proofs(fresh, rows)
    return {row.name: judge(before[row.name], after[row.name], {}, {}, row.names) for row in rows}


OURS = "session migrator"
CONTENDERS: dict[str, Contender] = {
    OURS: ours,
    "dill": partial(pickles, "dill"),
    "cloudpickle": partial(pickles, "cloudpickle"),
    "ElasticKernel": elastic_kernel,
}


@contextlib.asynccontextmanager
async def built(
    library: Library,
    rows: list[Row],
    folder: Path,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LiveKernel]:
    """A kernel in which the rows were built."""
    async with kernel(folder, "source", PYTHON, arguments, environment) as live:
        await cell(live, library.imports)
        for row in rows:
            await cell(live, row.build)
        yield live


async def cell(live: LiveKernel, code: str) -> None:
    """Run a cell to its end, or fail within a minute."""
    await asyncio.wait_for(live.run(code), CELL_S)


async def proofs(live: LiveKernel, rows: list[Row]) -> dict[str, str]:
    """Evaluate the rows' proofs; one that raises gives its error."""
    found = {}
    for row in rows:
        try:
            found[row.name] = await asyncio.wait_for(live.value(f"repr(({row.proof}))"), CELL_S)
        except AssertionError as error:
            found[row.name] = f"an error: {error}"
    return found


async def _step(live: LiveKernel, code: str, row: Row, found: Outcomes) -> None:
    if row.name not in found:
        try:
            await cell(live, code)
        except AssertionError as error:
            found[row.name] = Outcome(Kind.FAILED, reason_of(error))

"""Notebooks in the styles that people write, moved after every cell: each cell must show what it shows in a kernel left in peace.

Each file is a notebook: `# %%` begins a cell, `# %% lost` one that uses what cannot move, and must say so after a move. Those named
`pages_` run always; those named `long_` with the long tests, in the environment of `make coverage` where that was made.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from migrator.storage import open_store
from tests.jupyter_extension.kernel_client.conftest import Kernels
from tests.rigs.kernels import Outcome

HERE = Path(__file__).parent
LIBRARIES = Path(__file__).parents[4] / ".cache/coverage/bin/python"
PYTHON = str(LIBRARIES) if LIBRARIES.exists() else sys.executable


class Cell(NamedTuple):
    """One cell, and whether it uses what a move loses."""

    code: str
    lost: bool


def cells(path: Path) -> list[Cell]:
    blocks = path.read_text().split("\n# %%")[1:]
    return [Cell(block.partition("\n")[2], block.partition("\n")[0].strip() == "lost") for block in blocks]


def shown(outcome: Outcome) -> list[Any]:
    """What the user sees of a cell, addresses left out."""
    content = outcome.reply["content"]
    found: list[Any] = [
        outcome.status,
        content.get("execution_count"),
        outcome.text,
        *content.get("traceback", ())[-1:],
    ]
    for message in outcome.messages:
        if message["header"]["msg_type"] in ("execute_result", "display_data"):
            data = message["content"]["data"]
            found.append({kind: re.sub(r"0x[0-9a-f]+", "0x", str(text)) for kind, text in data.items()})
    return found


async def undisturbed(kernels: Kernels, notebook: list[Cell], python: str) -> list[list[Any]]:
    kernel = await kernels.bare(python=python)
    found = []
    for cell in notebook:
        outcome = await kernel.end(kernel.begin(cell.code))
        if outcome.reply["content"].get("ename") == "ModuleNotFoundError":
            pytest.skip(outcome.reply["content"]["evalue"])
        assert outcome.status == "ok", "\n".join(outcome.reply["content"]["traceback"])
        found.append(shown(outcome))
    return found


async def moved(kernels: Kernels, notebook: list[Cell], python: str) -> list[list[Any]]:
    """Run each cell in a kernel of its own, to which the state was moved from the kernel of the cell before."""
    kernel, agent = await kernels.start(python=python)
    found = []
    for number, cell in enumerate(notebook):
        following = asyncio.ensure_future(kernels.start(python=python)) if number + 1 < len(notebook) else None
        outcome = await kernel.end(kernel.begin(cell.code))
        if cell.lost:
            assert outcome.reply["content"].get("ename") == "LostError", outcome.reply["content"]
        found.append(shown(outcome))
        if following is not None:
            _, manifest, _ = await kernels.save(agent)
            kernel, agent = await following
            await kernels.load(agent, manifest)
    return found


async def both(folder: Path, path: Path, python: str) -> None:
    notebook = cells(path)
    (folder / "peace").mkdir()
    (folder / "moved").mkdir()
    peace = Kernels(folder / "peace", open_store("memory:"))
    moving = Kernels(folder / "moved", open_store("memory:"))
    try:
        expected = await undisturbed(peace, notebook, python)
        found = await moved(moving, notebook, python)
    finally:
        await peace.close()
        await moving.close()
    for cell, before, after in zip(notebook, expected, found, strict=True):
        assert cell.lost or after == before, cell.code


def notebooks(kind: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(HERE.glob(f"{kind}_*.py"))]


@pytest.mark.parametrize("path", notebooks("pages"))
async def test_a_notebook_moved_after_every_cell_shows_the_same(path: Path, tmp_path: Path) -> None:
    await both(tmp_path, path, sys.executable)


@pytest.mark.chaos
@pytest.mark.parametrize("path", notebooks("long"))
async def test_a_longer_notebook_moved_after_every_cell_shows_the_same(path: Path, tmp_path: Path) -> None:
    await both(tmp_path, path, PYTHON)

"""The rows of the table, read from `cells/*.py`: small texts, so that a class of one more library costs two lines.

    # %% library: scikit-learn needs: pandas      begins a library: its distribution, others that its rows need, and its imports;
                                                 `large` among these: a quick run leaves it out
    # %% LinearRegression                         a row: statements that build, and last an expression: value and use of what was built

The expression is evaluated where the objects were built and where they arrived; a row is right if both give the same `repr`.
"""

from __future__ import annotations

import ast
import dis
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

CELLS = Path(__file__).with_name("cells")


@dataclass(frozen=True)
class Row:
    """One class: how to build it, the expression that proves it, and the names of the variables."""

    name: str
    build: str
    proof: str
    names: tuple[str, ...]


@dataclass
class Library:
    """The rows of one library; `needs` are the distributions to be installed, its own first."""

    name: str
    needs: list[str]
    imports: str
    large: bool
    rows: list[Row] = field(default_factory=list)


def read_all() -> list[Library]:
    """Every library, in the order of the files and of the lines in them."""
    return [library for path in sorted(CELLS.glob("*.py")) for library in _read(path)]


def _read(path: Path) -> list[Library]:
    found: list[Library] = []
    for block in path.read_text().split("\n# %% ")[1:]:
        head, _, body = block.partition("\n")
        if head.startswith("library: "):
            name, _, needs = head.removeprefix("library: ").partition(" needs: ")
            needed = [need for need in needs.split() if need != "large"]
            found.append(Library(name, [name, *needed], body, "large" in needs.split()))
        else:
            found[-1].rows.append(_row(head, body))
    for library in found:
        counted = Counter(name for row in library.rows for name in row.names)
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ValueError(f"{path.name}: rows of {library.name} share the names {twice}; each needs its own")
    return found


def _row(name: str, body: str) -> Row:
    *statements, last = ast.parse(body).body
    if not isinstance(last, ast.Expr):
        raise TypeError(f"{name}: a row must end with an expression")
    build = "\n".join(map(ast.unparse, statements))
    stored = dis.get_instructions(compile(build, name, "exec"))
    names = dict.fromkeys(step.argval for step in stored if step.opname == "STORE_NAME")
    return Row(name, build, ast.unparse(last), tuple(names))

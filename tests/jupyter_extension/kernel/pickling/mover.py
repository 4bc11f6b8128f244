"""Runs in processes of their own (any Python from 3.8 on): builds the cases' namespaces and saves them, or loads and checks them.

    mover.py save STORE ROOM CASES...     one forked child per case builds and saves
    mover.py again STORE ROOM CASES...    one forked child per case, of a process that never saw them, loads it and saves what came
    mover.py load STORE ROOM CASES...     the same, loads and checks

A line of JSON per case goes to standard output. ROOM is the working folder of this side.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import linecache
import os
import pickle
import sys
import traceback
import types
from pathlib import Path
from typing import Any, Dict, NamedTuple

PACKAGE = Path(__file__).parents[4] / "jupyter_extension" / "kernel"


class Case(NamedTuple):
    """One line of the specification: cells that build, cells that check what arrived."""

    name: str
    needs: list[str]
    build: list[str]
    check: str


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases: `# %% name [needs: module or python>=3.x ...]` begins one, `# %% cell` another cell of it, `# %% check` its check."""
    cases: list[Case] = []
    kind, needs, name = "", "", ""
    for block in path.read_text().split("\n# %% ")[1:]:
        head, _, body = block.partition("\n")
        kind, _, needs = head.partition(" needs: ")
        if kind == "cell":
            cases[-1].build.append(body)
        elif kind == "check":
            cases[-1] = cases[-1]._replace(check=body)
        else:
            name = f"{path.stem}: {kind}"
            cases.append(Case(name, needs.split(), [body], ""))
    return cases


class History:
    """What the package needs of IPython's history, where IPython is not installed."""

    def __init__(self) -> None:
        self.input_hist_parsed = [""]
        self.input_hist_raw = [""]
        self.output_hist: dict[int, Any] = {}


class PlainShell:
    """Just enough of a shell to run cells."""

    def __init__(self) -> None:
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.user_ns = self.user_global_ns = vars(main)
        self.user_ns["__builtins__"] = __builtins__
        self.user_ns_hidden = dict(self.user_ns)
        self.history_manager = History()
        self.execution_count = 1

    def run(self, source: str) -> None:
        self.history_manager.input_hist_parsed.append(source)
        self.history_manager.input_hist_raw.append(source)
        self.execution_count += 1
        name = f"<cell {self.execution_count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        exec(compile(source, name, "exec"), self.user_ns)


def make_shell() -> Any:
    """A real IPython shell where there is one."""
    try:
        from IPython.core.interactiveshell import InteractiveShell
    except ImportError:
        return PlainShell()
    InteractiveShell.run = _run_cell
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    return shell


def _run_cell(self: Any, source: str) -> None:
    result = self.run_cell(source, store_history=True)
    result.raise_error()


def install() -> Any:
    """Load the package by path under the name that it has in a kernel."""
    parent = types.ModuleType("session_migrator_kernel")
    parent.__path__ = [str(PACKAGE)]
    sys.modules["session_migrator_kernel"] = parent
    importlib.import_module("session_migrator_kernel.pickling.dumper")  # as the agent does before the first cell
    return importlib.import_module("session_migrator_kernel.pickling")


class Sink(Dict[str, bytes]):
    """Keeps the parts."""

    def add(self, name: str, data: Any) -> None:
        assert name not in self, "two parts are named " + name
        pieces = data if isinstance(data, (list, tuple)) else [data]
        self[name] = b"".join(bytes(memoryview(piece).cast("B")) for piece in pieces)

    def holds(self, name: str, data: Any = None) -> bool:
        return False  # there is no snapshot before


class Source:
    """Gives each part once."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = parts

    def names(self) -> list[str]:
        return list(self._parts)

    def read(self, name: str) -> bytearray:
        return bytearray(self._parts.pop(name))


def save(pickling: Any, case: Case, store: Path) -> dict[str, Any] | None:
    """Build a case and save it."""
    shell = make_shell()
    for cell in case.build:
        shell.run(cell)
    first, _ = (apart(dump, pickling, shell, store / f"{_file(case)}{suffix}") for suffix in ("", ".again"))
    if "error" in first:
        raise RuntimeError(first["error"])
    parts, again = (pickle.loads((store / f"{_file(case)}{suffix}").read_bytes()) for suffix in ("", ".again"))
    return {"report": first, "unstable": [name for name in parts if parts[name] != again.get(name)]}


def dump(pickling: Any, shell: Any, target: Path) -> dict[str, Any]:
    """Save the shell's state into a file, in a forked child as in a real kernel."""
    sink = Sink()
    walk = importlib.import_module("session_migrator_kernel.forking").survey
    report = pickling.dump(shell, sink, skip=frozenset(), progress=lambda name: None, walk=walk)
    target.write_bytes(pickle.dumps(dict(sink)))
    return report


def again(pickling: Any, case: Case, store: Path) -> dict[str, Any] | None:
    """Restore a case and save what came: the next side finds what was moved twice."""
    shell = make_shell()
    pickling.load(shell, Source(pickle.loads((store / _file(case)).read_bytes())))
    return apart(dump, pickling, shell, store / _file(case))


def load(pickling: Any, case: Case, store: Path) -> dict[str, Any] | None:
    """Restore a case and check it."""
    shell = make_shell()
    parts = pickle.loads((store / _file(case)).read_bytes())
    report = pickling.load(shell, Source(parts))
    shell.user_ns["REPORT"] = report
    try:
        shell.run(case.check)
    except BaseException:  # noqa: BLE001 - shown by the test that reads it
        return {"report": report, "error": traceback.format_exc()}
    return {"report": report}


SIDES = {"save": save, "again": again, "load": load}


def _file(case: Case) -> str:
    return case.name.replace(" ", "_").replace("/", "_").replace(":", "_")


def missing(case: Case) -> list[str]:
    """What a case needs and is not here: modules, or a Python (`python>=3.11`)."""
    return [need for need in case.needs if not _is_here(need)]


def _is_here(need: str) -> bool:
    name, _, version = need.partition(">=")
    if version:
        return sys.version_info >= tuple(map(int, version.split(".")))
    return importlib.util.find_spec(name) is not None


def apart(action: Any, *args: Any) -> dict[str, Any]:
    """Do it in a forked child, and give what it gave, or its error."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.dup2(2, 1)
        try:
            answer = action(*args) or {}
        except BaseException:  # noqa: BLE001 - shown by the test that reads it
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe, default=repr)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(text) if text else {"error": f"ended with status {status}"}


def main() -> None:
    """Move all cases in one direction."""

    direction, store, room, *files = sys.argv[1:]
    Path(room).mkdir(exist_ok=True)
    files = [str(Path(file).resolve()) for file in files]
    os.chdir(room)
    sys.path.insert(0, "")
    pickling = install()
    if _is_here("IPython"):  # every kernel has it; each child would have to import it anew
        importlib.import_module("IPython.core.interactiveshell")
    for file in files:
        for case in read_cases(Path(file)):
            lacking = missing(case)
            if lacking:
                answer: dict[str, Any] = {"lacking": lacking}
            else:
                answer = apart(SIDES[direction], pickling, case, Path(store))
            print(json.dumps(dict(answer, name=case.name)), flush=True)  # noqa: T201 - the answer to the test


if __name__ == "__main__":
    main()

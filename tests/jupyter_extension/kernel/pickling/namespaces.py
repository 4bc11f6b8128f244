"""Builds namespaces from plans, and describes them so that sharing shows: the description after a move must be the same."""

from __future__ import annotations

import json
import os
import sys
import types
from typing import Any

import numpy as np

from .mover import History, Sink, Source, install


class PlainSpace:
    """A shell with these variables."""

    def __init__(self, variables: dict[str, Any]) -> None:
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.user_ns = self.user_global_ns = vars(main)
        self.user_ns_hidden = dict(self.user_ns)
        self.user_ns.update(variables)
        self.history_manager = History()
        self.execution_count = 1


CODE = """
class Thing:
    pass
def make_function(parts):
    def function(a=parts):
        return parts
    return function
def make_closures(parts):
    state = [0]
    def up():
        state[0] += 1
        return parts
    def get():
        return state
    return up, get
class Holder:
    def __init__(self, parts):
        self.parts = parts
    def method(self):
        return self.parts
"""


def build(plan: list[Any], space: dict[str, Any]) -> list[Any]:
    """Make the objects of a plan: each refers to earlier ones, and mutable ones to later ones too (so that there are cycles)."""
    exec(CODE, space)
    made: list[Any] = []
    for kind, links in plan:
        made.append(_make(kind, [made[link % len(made)] for link in links] if made else [], space))
    for (kind, links), obj in zip(plan, made, strict=True):
        later = [made[-1 - link % len(made)] for link in links[:2]]
        if kind == "list":
            obj.extend(later)
        elif kind == "object":
            obj.later = later
    return made


def _make(kind: str, parts: list[Any], space: dict[str, Any]) -> Any:  # noqa: C901, PLR0911 - a table of kinds
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if kind == "list":
        return list(parts)
    if kind == "dict":
        return {f"k{number}": part for number, part in enumerate(parts)}
    if kind == "set":
        return {len(parts), "s"}
    if kind == "tuple":
        return tuple(parts)
    if kind == "object":
        thing = space["Thing"]()
        thing.parts = parts
        return thing
    if kind == "function":
        return space["make_function"](parts)
    if kind == "closure":
        return list(space["make_closures"](parts))
    if kind == "array":
        return np.arange(12.0).reshape(3, 4) + len(parts)
    if kind == "view":
        return arrays[0][1:, ::2].T if arrays and arrays[0].ndim == 2 and min(arrays[0].shape) > 1 else np.arange(5)
    if kind == "bytes":
        return bytearray(b"abc" * len(parts))
    return space["Holder"](parts).method


def shape(roots: list[Any]) -> list[Any]:
    """Describe a graph of objects: each by its type, its plain content, and the numbers of those that it refers to."""
    numbers: dict[int, int] = {}
    order: list[Any] = []

    def number(obj: Any) -> Any:
        if obj is None or isinstance(obj, (int, str, float)):
            return repr(obj)
        if id(obj) not in numbers:
            numbers[id(obj)] = len(order)
            order.append(obj)
        return numbers[id(obj)]

    found = [[number(root) for root in roots]]
    arrays: list[Any] = []
    while len(found) <= len(order):
        obj = order[len(found) - 1]
        if isinstance(obj, np.ndarray):
            shared = [place for place, other in enumerate(arrays) if np.shares_memory(obj, other)]
            arrays.append(obj)
            strides = [stride for stride, count in zip(obj.strides, obj.shape, strict=True) if count > 1]
            found.append([type(obj).__name__, str(obj.dtype), list(obj.shape), strides, obj.tolist(), shared])
        else:
            found.append([type(obj).__name__, *map(number, _parts(obj))])
    return found


def _parts(obj: Any) -> list[Any]:  # noqa: PLR0911 - a table of kinds
    if isinstance(obj, (list, tuple)):
        return list(obj)
    if isinstance(obj, dict):
        return [part for item in obj.items() for part in item]
    if isinstance(obj, set):
        return sorted(map(repr, obj))
    if isinstance(obj, bytearray):
        return [repr(bytes(obj))]
    if isinstance(obj, types.FunctionType):
        cells = [cell.cell_contents for cell in obj.__closure__ or ()]
        return [obj.__name__, obj.__defaults__, *cells, *(obj.__closure__ or ())]
    if isinstance(obj, types.MethodType):
        return [obj.__self__, obj.__func__.__name__]
    if isinstance(obj, types.CellType):
        return ["cell"]
    return [part for item in sorted(vars(obj).items()) for part in item]


def _move(pickling: Any, plan: list[Any]) -> None:
    shell = PlainSpace({})
    made = build(plan, shell.user_ns)
    shell.user_ns.update((f"v{number}", obj) for number, obj in enumerate(made))
    before = shape(made)
    sink = Sink()
    report = pickling.dump(shell, sink)
    assert report["lost"] == [], report["lost"]
    fresh = PlainSpace({})
    report = pickling.load(fresh, Source(dict(sink)))
    assert (report["lost"], report["changed"]) == ([], [])
    after = shape([fresh.user_ns[f"v{number}"] for number in range(len(made))])
    assert json.dumps(before) == json.dumps(after), (plan, before, after)


def main() -> None:
    """Move each namespace in a forked child, so that none sees another's."""
    pickling = install()
    for plan in json.load(sys.stdin):
        pid = os.fork()
        if pid == 0:
            try:
                _move(pickling, plan)
            except BaseException:  # noqa: BLE001 - shown, then told by the status
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            sys.exit(1)


if __name__ == "__main__":
    main()

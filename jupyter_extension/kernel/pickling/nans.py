"""Numbers that are none (NaN) keep their identity: no two are equal, so a dict finds its key, and `in` its item, by nothing else.

Pickles know no identity of numbers. A component in whose pickle a NaN seems to be is pickled once more, with each NaN as a persistent id: the
name of the module that holds it as `nan`, or a number within the component. Variables that share one of the latter are one component.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import pickle
import struct
import sys
from typing import Any, Callable, Iterable

_USUAL = struct.pack(">d", math.nan)
_IN_A_PICKLE = pickle.BINFLOAT + _USUAL
_LONGER_THAN_A_FRAME = 1 << 18  # bytes
_HOLDERS = ("math", "numpy")


def are_in(chunks: Iterable[Any]) -> bool:
    """Tell whether there is a NaN in a pickle; it may be a text that looks like one. What is larger than a frame is such a text."""
    return any(_IN_A_PICKLE in bytes(chunk) for chunk in chunks if memoryview(chunk).nbytes < _LONGER_THAN_A_FRAME)


def of_nobody(value: Any) -> bool:
    """Tell whether a value is a NaN that no module holds."""
    return _usual(value) and not any(value is sys.modules[name].nan for name in _HOLDERS if name in sys.modules)


def _usual(value: Any) -> bool:
    return type(value) is float and math.isnan(value) and struct.pack(">d", value) == _USUAL


class Identified:
    """The persistent id of a pickler that tells one NaN from another. `walk` is told of each object, `found` gets what `of_nobody` says yes to."""

    def __init__(self, walk: Callable[[Any], None] | None, found: list[float]) -> None:
        self._walk, self._found = walk, found
        holders = [name for name in _HOLDERS if name in sys.modules]
        self._known: dict[int, Any] = {id(sys.modules[name].nan): name for name in reversed(holders)}

    def __call__(self, obj: Any) -> Any:
        """Give the id of a NaN, None for all else."""
        if self._walk is not None:
            self._walk(obj)
        if not _usual(obj):
            return None
        if id(obj) not in self._known:
            self._known[id(obj)] = len(self._found)
            self._found.append(obj)
        return self._known[id(obj)]


class Loaded(dict):  # type: ignore[type-arg]
    """The NaNs of one component by their persistent ids, made as they are asked for."""

    def __missing__(self, pid: Any) -> float:
        self[pid] = found = float("nan")
        if pid in _HOLDERS:
            with contextlib.suppress(ImportError):
                self[pid] = found = importlib.import_module(pid).nan
        return found

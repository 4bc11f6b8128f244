"""Iterators of itertools at their place.

Up to Python 3.13 they pickle themselves. Since then nothing of them is to be had but what they refer to and print; those are
rebuilt whose place follows from that, and the others are named as lost.
"""

from __future__ import annotations

import gc
import itertools
import operator
import re
from typing import Any, Callable

from .. import rebuild

MODULE = "itertools"
NAME = "resources.iterators"
_WHOLE = re.compile(r"count\((-?\d+)(?:, (-?\d+))?\)")


def reduce_count(count: Any, saving: Any) -> Any:
    """Reduce a counter to its next number and its step. Whole ones are not kept as objects, but printed."""
    whole = _WHOLE.fullmatch(repr(count))
    return itertools.count, tuple(int(part) for part in whole.groups("1")) if whole else tuple(_parts(count))


def reduce_repeat(repeat: Any, saving: Any) -> Any:
    """Reduce a repetition to its object and how often it is still to come."""
    left = operator.length_hint(repeat, -1)
    return itertools.repeat, (*_parts(repeat), *([left] if left >= 0 else []))


def reduce_chain(chain: Any, saving: Any) -> Any:
    """Reduce a chain to the iterators that are still to come, and the one that it is in."""
    source, *active = _parts(chain) or [iter(())]
    return rebuild.family, (NAME, "chain", source, active)


def chain(source: Any, active: list[Any]) -> Any:
    """Give a chain that goes on with the active iterator, if there is one, and then with those of the source."""
    return itertools.chain.from_iterable(itertools.chain(active, source))


def reduce_cycle(cycle: Any, saving: Any) -> Any:
    """Reduce a cycle in its first round to what it has seen and has yet to see; later to what comes, in its order."""
    *source, seen = _parts(cycle)
    if source:
        return rebuild.family, (NAME, "cycle", source[0], seen)
    return itertools.cycle, ([next(cycle) for _ in seen],)  # a whole round later it is where it was


def cycle(source: Any, seen: list[Any]) -> Any:
    """Give a cycle that has seen something of its first round."""
    made = itertools.cycle(itertools.chain(seen, source))
    for _ in seen:
        next(made)
    return made


def _parts(iterator: Any) -> list[Any]:
    """Give the objects that an iterator holds, in the order of its fields."""
    return [part for part in gc.get_referents(iterator) if part is not type(iterator)]


def reducers(_module: Any) -> dict[type, Callable[[Any, Any], Any]]:
    """Give the reducers where itertools has none itself."""
    if "__reduce__" in vars(itertools.count):
        return {}
    return {
        itertools.count: reduce_count,
        itertools.repeat: reduce_repeat,
        itertools.chain: reduce_chain,
        itertools.cycle: reduce_cycle,
    }

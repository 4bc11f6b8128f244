"""Frames: their blocks keep sharing memory, and keep knowing that they do, so that copy-on-write goes on working."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild
from ..classes import by_value
from ..plans import reduce_guarded

MODULE = "pandas"
NAME = "libraries.pandas"


def reduce_block(block: Any, saving: Any) -> Any:
    """Reduce a block with the object by which blocks know of each other that they share memory."""
    _, args, *_ = reduce_guarded(block, saving)
    return rebuild.family, (NAME, "block", block.refs, *args)


def block(refs: Any, values: Any, placement: Any, ndim: int) -> Any:
    """Give a block that shares memory with the others of `refs`."""
    made = sys.modules["pandas._libs.internals"]._unpickle_block(values, placement, ndim)
    refs.add_reference(made)
    made.refs = refs
    return made


def reduce_refs(_refs: Any, _saving: Any) -> Any:
    """Reduce the object by which blocks know of each other; they enter it one by one."""
    return rebuild.family, (NAME, "refs")


def refs() -> Any:
    """Give such an object that knows of no block yet."""
    return sys.modules["pandas._libs.internals"].BlockValuesRefs()


def reduce_series_manager(manager: Any, _saving: Any) -> Any:
    """Reduce the manager of a Series to its block and its index."""
    return rebuild.family, (NAME, "series_manager", type(manager), manager.blocks[0], manager.axes[0])


def series_manager(kind: Any, block: Any, axis: Any) -> Any:
    """Give the manager of a Series."""
    return kind(block, axis)


def reduce_index(index: Any, saving: Any) -> Any:
    """Reduce an index, and let it know who shares its memory."""
    reduction = reduce_guarded(index, saving)
    shared = vars(index).get("_references")
    if shared is None or (len(reduction) > 2 and reduction[2] is not None):
        return reduction
    return (*reduction[:2], shared, None, None, share_index)


def share_index(index: Any, shared: Any) -> None:
    """Enter an index among those that share memory."""
    index._references = shared
    shared.add_index_reference(index)


def inherited(pandas: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    internals = sys.modules.get("pandas._libs.internals")
    kind = getattr(internals, "BlockValuesRefs", None)
    if internals is None or kind is None:
        return {}  # before pandas 2 blocks knew nothing of each other
    managers = sys.modules["pandas.core.internals.managers"]
    return {
        kind: reduce_refs,
        sys.modules["pandas.core.internals.blocks"].Block: reduce_block,
        managers.SingleBlockManager: reduce_series_manager,
        pandas.Index: reduce_index,
    }


def atoms(pandas: Any) -> list[type]:
    """Give the types whose objects never change."""
    return [pandas.Timestamp, pandas.Timedelta, pandas.Period, pandas.Interval, type(pandas.NaT), type(pandas.NA)]


def capture(_saving: Any) -> Any:
    """Give the options that differ from their defaults, and the accessors that the user registered."""
    pandas = sys.modules["pandas"]
    config = sys.modules["pandas._config.config"]
    options = {}
    for key, option in config._registered_options.items():
        value = pandas.get_option(key)
        if value is not option.defval and value != option.defval:
            options[key] = value
    accessors = []
    for kind in (pandas.DataFrame, pandas.Series, pandas.Index):
        own = ((name, vars(kind).get(name)) for name in sorted(kind._accessors))
        accessors += [
            (kind, name, found._accessor)
            for name, found in own
            if hasattr(found, "_accessor") and by_value(found._accessor)
        ]
    return (options, accessors) if options or accessors else None


def apply(state: Any, loading: Any) -> None:
    """Set the options and register the accessors."""
    pandas = sys.modules["pandas"]
    options, accessors = state
    for key, value in options.items():
        loading.attempt(f"the option {key} of pandas", pandas.set_option, key, value)
    for kind, name, accessor in accessors:
        pandas.api.extensions.__dict__[f"register_{kind.__name__.lower()}_accessor"](name)(accessor)

"""Callables and variables of the interpreter that are implemented in C."""

from __future__ import annotations

import contextvars
import functools
import gc
import struct
from typing import Any

from .. import beforefork, rebuild
from ..functions import importable

MODULE = None
NAME = "resources.callables"
_UNSET = object()


def reduce_lru_cache(wrapper: Any, saving: Any) -> Any:
    """Reduce a function with a cache; the cached results themselves are computed anew."""
    if importable(wrapper):
        return saving.refer(wrapper, (rebuild.global_, (wrapper.__module__, wrapper.__qualname__)))
    attributes = dict(vars(wrapper))
    function = attributes.pop("__wrapped__", None)
    info = wrapper.cache_info()
    parameters: dict[str, Any] = getattr(wrapper, "cache_parameters", dict)()
    typed = bool(parameters.get("typed", False))
    results = _results(wrapper) if info.maxsize is None else {}
    return (
        rebuild.family,
        (NAME, "lru_cache", function, info.maxsize, typed),
        (attributes, results),
        None,
        None,
        fill_lru_cache,
    )


def lru_cache(function: Any, maxsize: int | None, typed: bool) -> Any:
    """Give a function with an empty cache."""
    return functools.lru_cache(maxsize, typed)(function)


def fill_lru_cache(wrapper: Any, state: tuple[dict[str, Any], dict[Any, Any]]) -> None:
    """Give such a function its attributes and, where the cache has no limit, its results."""
    attributes, results = state
    vars(wrapper).update(attributes)
    if results:
        _results(wrapper).update(results)


def _results(wrapper: Any) -> dict[Any, Any]:
    """Give the dict in which a cache without a limit keeps its results."""
    own = vars(wrapper)
    return next((found for found in gc.get_referents(wrapper) if type(found) is dict and found is not own), {})


def reduce_context_variable(variable: contextvars.ContextVar[Any], _saving: Any) -> Any:
    """Reduce a context variable: its name, its default and its present value."""
    default = _default(variable)
    value = beforefork.context_value(variable, _UNSET)
    present = () if value is _UNSET or (default and value is default[0]) else (value,)
    return rebuild.family, (NAME, "context_variable", variable.name, default), present, None, None, set_context_variable


def _default(variable: contextvars.ContextVar[Any]) -> tuple[Any, ...]:
    """Give the default in a tuple, or an empty tuple: in an empty context only the default can be got."""
    try:
        return (contextvars.Context().run(variable.get),)
    except LookupError:
        return ()


def context_variable(name: str, default: tuple[Any, ...]) -> contextvars.ContextVar[Any]:
    """Give a context variable."""
    return contextvars.ContextVar(name, default=default[0]) if default else contextvars.ContextVar(name)


def set_context_variable(variable: contextvars.ContextVar[Any], present: tuple[Any, ...]) -> None:
    """Set a context variable in the context that loads."""
    if present:
        variable.set(present[0])


def reduce_layout(layout: struct.Struct, _saving: Any) -> Any:
    """Reduce a compiled layout of bytes to its text."""
    return compile_layout, (layout.format,)


def compile_layout(text: str) -> struct.Struct:
    """Make a layout anew; Python 3.8 knows no name by which its class could be asked for."""
    return struct.Struct(text)


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {
        type(functools.lru_cache(None)(len)): reduce_lru_cache,
        contextvars.ContextVar: reduce_context_variable,
        struct.Struct: reduce_layout,
    }

"""What the session registered with the interpreter.

Handlers of signals, reductions of classes, virtual subclasses of the library's abstract ones. Objects of its own in the place of the standard streams
are not put back, but told: ipykernel would not tell the streams behind them which cell they write for, and what is printed would be shown nowhere.
"""

from __future__ import annotations

import abc
import collections.abc
import copyreg
import os
import signal
import sys
import types
from typing import Any

from .. import beforefork
from ..functions import of_the_user

MODULE = None


def capture(saving: Any) -> Any:
    """Give what was registered; None if nothing was."""
    for name, stream in beforefork.streams().items():
        if of_the_user(type(stream)):
            saving.warn(
                f"sys.{name}: a {type(stream).__name__} of the session's stands in its place, and is not kept there"
            )
    state = {"signals": _handlers(), "reductions": _reductions(), "subclasses": _subclasses(saving.namespace)}
    return state if any(state.values()) else None


def _handlers() -> dict[int, Any]:
    handlers = {int(number): signal.getsignal(number) for number in signal.valid_signals()}
    return {
        number: handler for number, handler in handlers.items() if of_the_user(getattr(handler, "__func__", handler))
    }


def _reductions() -> dict[type, Any]:
    return {
        cls: function for cls, function in copyreg.dispatch_table.items() if of_the_user(cls) or of_the_user(function)
    }


def _subclasses(namespace: dict[str, Any]) -> list[tuple[Any, list[type]]]:
    """Give the library's abstract classes with those of the user's that were registered with them. The user's own are known to `classes.py`."""
    known = [collections.abc, sys.modules.get("numbers"), os]
    candidates = [value for module in known if module is not None for value in vars(module).values()]
    candidates += [value for value in namespace.values() if not of_the_user(value)]
    abstract = {id(value): value for value in candidates if type(value) is abc.ABCMeta}
    found = [(value, _registered(value)) for value in abstract.values()]
    return [(value, registered) for value, registered in found if registered]


def _registered(abstract: abc.ABCMeta) -> list[type]:
    registry, *_ = abc._get_dump(abstract)  # type: ignore[attr-defined]
    return [cls for cls in (reference() for reference in registry) if of_the_user(cls)]


def apply(state: Any, loading: Any) -> None:
    """Register it again. Called in the main thread, the only one that may set handlers."""
    for number, handler in state["signals"].items():
        if isinstance(handler, (types.FunctionType, types.MethodType)):
            loading.attempt(f"the handler of signal {number}", signal.signal, number, handler)
    for cls, function in state["reductions"].items():
        loading.attempt("a reduction of the session's", copyreg.pickle, cls, function)
    for abstract, registered in state["subclasses"]:
        for cls in registered:
            loading.attempt(f"a registration with {abstract.__name__}", abstract.register, cls)

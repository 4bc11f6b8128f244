"""What the session has set by `%config`: of the shell and its parts, and of the inline backend of figures, which is there only once it is used."""

from __future__ import annotations

from typing import Any

MODULE = "IPython"
_OF_THE_PLACE = ("HistoryManager", "ProfileDir", "ipython_dir", "logfile", "logappend", "logstart")
_VALUES = (bool, int, float, str, set)


def capture(saving: Any) -> Any:
    """Give for each part that `%config` knows the plain settings that differ from those of its class."""
    found = {type(part).__name__: _own(part) for part in getattr(saving.shell, "configurables", ())}
    return {name: own for name, own in found.items() if own and name not in _OF_THE_PLACE} or None


def _own(part: Any) -> dict[str, Any]:
    traits = {name: trait for name, trait in part.traits(config=True).items() if name not in _OF_THE_PLACE}
    values = {name: getattr(part, name) for name in traits}
    return {k: v for k, v in values.items() if type(v) in _VALUES and v != traits[k].default_value}


def apply(state: Any, loading: Any) -> None:
    """Set it again."""
    for part in getattr(loading.shell, "configurables", ()):
        loading.attempt(f"the settings of {type(part).__name__}", put, part, state.get(type(part).__name__, {}))


def put(target: Any, values: dict[str, Any]) -> None:
    """Set the traits that are others now."""
    for name, value in values.items():
        if getattr(target, name, value) != value:
            setattr(target, name, value)

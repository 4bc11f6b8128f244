"""Figures, the backend and the settings of matplotlib."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from .. import rebuild
from ..lost import Lost
from ..plans import reduce_guarded

MODULE = "matplotlib"
NAME = "libraries.matplotlib"
_LIBRARY = ("matplotlib", "mpl_toolkits", "ipympl", "matplotlib_inline")
_WIDGETS = ("matplotlib.widgets", "matplotlib.offsetbox")
_GUI = {"inline": "inline", "ipympl": "widget", "nbagg": "notebook"}


def reduce_figure(figure: Any, saving: Any) -> Any:
    """Reduce a figure; pyplot's windows are opened again by `apply`."""
    function, args, state, *rest = reduce_guarded(figure, saving)
    return function, args, {name: value for name, value in state.items() if name != "_restore_to_pylab"}, *rest


def reduce_registry(registry: Any, saving: Any) -> Any:
    """Reduce a registry of callbacks with those that matplotlib itself would leave out: the user's, and those of widgets."""
    function, args, state, *_ = reduce_guarded(registry, saving)
    own = [found for found in _callbacks(registry) if found[0] not in state.get("_pickled_cids", ())]
    return (
        rebuild.family,
        (NAME, "registry", function, args),
        (NAME, "set_registry", (state, own)),
        None,
        None,
        rebuild.set_family,
    )


def _callbacks(registry: Any) -> list[tuple[int, str, Any]]:
    """Give the number, event and function of each callback that nothing connects again by itself, in the order of the numbers."""
    found = [
        (number, event, reference())
        for event, by_number in registry.callbacks.items()
        for number, reference in by_number.items()
    ]
    return sorted((each for each in found if each[2] is not None and _stays(each[2])), key=lambda each: each[0])


def _stays(function: Any) -> bool:
    """Tell whether it is the user's, or the method of a widget in the figure, or what a widget has wrapped around a function of the user's."""
    owner = type(getattr(function, "__self__", None)).__module__
    module = getattr(function, "__module__", None) or ""
    return module.split(".")[0] not in _LIBRARY or owner in _WIDGETS or module in _WIDGETS


def registry(function: Any, args: tuple[Any, ...]) -> Any:
    """Give a registry without content."""
    return function(*args)


def set_registry(made: Any, value: tuple[dict[str, Any], list[tuple[int, str, Any]]]) -> None:
    """Give a registry its content; each callback keeps the number by which it can be disconnected."""
    state, callbacks = value
    made.__setstate__(state)
    following = made._cid_gen
    for number, event, function in callbacks:
        if type(function) is not Lost:
            made._cid_gen = itertools.count(number)
            made.connect(event, function)
    made._cid_gen = following


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    figures, books = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.cbook")
    found: dict[type, Any] = {} if figures is None else {figures.Figure: reduce_figure}
    if books is not None:
        found[books.CallbackRegistry] = reduce_registry
    return found


def capture(_saving: Any) -> Any:
    """Give the backend, the settings that differ from the defaults, and pyplot's open figures."""
    matplotlib = sys.modules["matplotlib"]
    defaults = matplotlib.rcParamsDefault
    own = {
        name: dict.__getitem__(matplotlib.rcParams, name)
        for name in matplotlib.rcParams
        if name != "backend" and dict.__getitem__(matplotlib.rcParams, name) != dict.get(defaults, name)
    }
    backend = dict.__getitem__(matplotlib.rcParams, "backend")
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    figures = {} if helpers is None else {number: manager.canvas.figure for number, manager in helpers.Gcf.figs.items()}
    return {"backend": backend if isinstance(backend, str) else None, "settings": own, "figures": figures}


def apply(state: Any, loading: Any) -> None:
    """Put the backend and the settings back, and open pyplot's figures again."""
    matplotlib: Any = sys.modules["matplotlib"]
    _set_backend(matplotlib, state["backend"], loading)
    for name, value in state["settings"].items():
        loading.attempt(f"matplotlib's setting {name}", matplotlib.rcParams.__setitem__, name, value)
    if state["figures"]:
        _open_figures(state["figures"])


def _set_backend(matplotlib: Any, backend: str | None, loading: Any) -> None:
    if backend is None or dict.__getitem__(matplotlib.rcParams, "backend") == backend:
        return
    gui = next((gui for word, gui in _GUI.items() if word in backend.lower()), None)
    try:
        if gui is not None and hasattr(loading.shell, "enable_matplotlib"):
            loading.shell.enable_matplotlib(gui)
        else:
            matplotlib.use(backend)
    except Exception as error:  # noqa: BLE001 - the backend may need a display or a library that is not here
        loading.warn(f"matplotlib's backend: {backend} cannot be used here: {error!r}")


def _open_figures(figures: dict[Any, Any]) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415 - the saved kernel had it

    backend = plt._get_backend_mod()
    for number, shown in figures.items():
        if getattr(shown.canvas, "manager", None) is not None:  # its canvas came back, with its place on the page
            sys.modules["matplotlib._pylab_helpers"].Gcf._set_new_active_manager(shown.canvas.manager)
            continue
        manager = backend.new_figure_manager_given_figure(number, shown)
        sys.modules["matplotlib._pylab_helpers"].Gcf._set_new_active_manager(manager)

"""Figures, the backend and the settings of matplotlib."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild
from ..plans import reduce_guarded

MODULE = "matplotlib"
NAME = "libraries.matplotlib"
_LIBRARY = ("matplotlib", "mpl_toolkits", "ipympl", "matplotlib_inline")
_GUI = {"inline": "inline", "ipympl": "widget", "nbagg": "notebook"}


def reduce_figure(figure: Any, saving: Any) -> Any:
    """Reduce a figure, with what the user connected to its events; pyplot's windows are opened again by `apply`."""
    function, args, state, *_ = reduce_guarded(figure, saving)
    state = {name: value for name, value in state.items() if name != "_restore_to_pylab"}
    return rebuild.family, (NAME, "figure", function, args), (state, _callbacks(figure)), None, None, set_figure


def _callbacks(figure: Any) -> list[tuple[str, Any]]:
    """Give the (event, function) pairs that are not matplotlib's own."""
    registry = getattr(figure, "_canvas_callbacks", None)
    found = []
    for event, by_id in getattr(registry, "callbacks", {}).items():
        for reference in by_id.values():
            function = reference()
            module = getattr(function, "__module__", None) or ""
            if function is not None and module.split(".")[0] not in _LIBRARY:
                found.append((event, function))
    return found


def figure(function: Any, args: tuple[Any, ...]) -> Any:
    """Give a figure without content."""
    return function(*args)


def set_figure(made: Any, state: tuple[dict[str, Any], list[tuple[str, Any]]]) -> None:
    """Give a figure its content and its callbacks."""
    content, callbacks = state
    made.__setstate__(content)
    for event, callback in callbacks:
        made.canvas.mpl_connect(event, callback)


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    figures = sys.modules.get("matplotlib.figure")
    return {} if figures is None else {figures.Figure: reduce_figure}


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
        loading.warn(f"matplotlib's backend {backend} cannot be used here: {error!r}")


def _open_figures(figures: dict[Any, Any]) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415 - the saved kernel had it

    backend = plt._get_backend_mod()
    for number, shown in figures.items():
        if getattr(shown.canvas, "manager", None) is not None:  # its canvas came back, with its place on the page
            sys.modules["matplotlib._pylab_helpers"].Gcf._set_new_active_manager(shown.canvas.manager)
            continue
        callbacks = _callbacks(shown)
        manager = backend.new_figure_manager_given_figure(number, shown)
        sys.modules["matplotlib._pylab_helpers"].Gcf._set_new_active_manager(manager)
        present = _callbacks(shown)
        for event, callback in callbacks:
            if (event, callback) not in present:
                shown.canvas.mpl_connect(event, callback)

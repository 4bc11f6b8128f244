"""ipympl's figures: the canvas that stands on the page goes on, because it comes back with the ids of its comms.

A canvas is half a widget and half matplotlib's. The widget's half is taken over: the traits that the page knows, and the comm. Matplotlib's half,
with toolbar and manager, is made anew on the restored figure, when everything else is there.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .. import rebuild
from . import ipywidgets

MODULE = "ipympl.backend_nbagg"
NAME = "libraries.ipympl"
_SAVED, _PARTS = "_session_migrator_saved", "_session_migrator_parts"


def reduce_canvas(canvas: Any, _saving: Any) -> Any:
    """Reduce a canvas to its figure and the widgets' halves of itself and its toolbar."""
    toolbar, figure = canvas.toolbar, canvas.figure
    state = {
        "figure": figure,
        "number": getattr(canvas.manager, "num", None),
        "ratio": getattr(canvas, "_device_pixel_ratio", 1),
        "dpi": getattr(figure, "_original_dpi", figure.dpi),
        "canvas": _half(canvas),
        "toolbar": None if toolbar is None else _half(toolbar),
    }
    return rebuild.family, (NAME, "canvas"), state, None, None, set_canvas


def _half(widget: Any) -> tuple[dict[str, Any], Any]:
    names = {*widget.keys, "keys", "_closed"} - {"toolbar"}
    traits = {name: value for name, value in widget._trait_values.items() if name in names}
    comm = widget.comm
    return traits, None if comm is None else (comm.comm_id, getattr(comm, "target_name", "jupyter.widget"))


def reduce_toolbar(toolbar: Any, _saving: Any) -> Any:
    """Reduce a toolbar to that of its canvas."""
    return rebuild.family, (NAME, "toolbar", toolbar.canvas)


def reduce_manager(manager: Any, _saving: Any) -> Any:
    """Reduce a manager to that of its canvas."""
    return rebuild.family, (NAME, "manager", manager.canvas)


def canvas() -> Any:
    """Give a canvas without content."""
    cls = importlib.import_module(MODULE).Canvas
    return cls.__new__(cls)


def set_canvas(made: Any, state: dict[str, Any]) -> None:
    """Keep what belongs to a canvas until its figure is complete."""
    vars(made)[_SAVED] = state


def toolbar(of: Any) -> Any:
    """Give a canvas' toolbar."""
    return _parts(of)[0]


def manager(of: Any) -> Any:
    """Give a canvas' manager."""
    return _parts(of)[1]


def _parts(of: Any) -> tuple[Any, Any]:
    module = importlib.import_module(MODULE)
    if _PARTS not in vars(of):
        made = module.Toolbar.__new__(module.Toolbar), module.FigureManager.__new__(module.FigureManager)
        vars(of)[_PARTS] = made
    parts: tuple[Any, Any] = vars(of)[_PARTS]
    return parts


def reducers(module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {module.Canvas: reduce_canvas, module.Toolbar: reduce_toolbar, module.FigureManager: reduce_manager}


def capture(_saving: Any) -> Any:
    """Give all canvases that are alive: one that is shown without pyplot stands in no variable."""
    module = sys.modules["ipywidgets.widgets.widget"]
    instances = getattr(module, "_instances", None)
    instances = module.Widget.widgets if instances is None else instances
    cls = sys.modules[MODULE].Canvas
    return [widget for widget in dict(instances).values() if type(widget) is cls]


def apply(state: list[Any], loading: Any) -> None:
    """Let each canvas draw its figure again; before pyplot's figures are opened, which finds them then."""
    for each in state:
        if _SAVED in vars(each):
            loading.attempt("a figure on the page", _revive, each)


def _revive(made: Any) -> None:
    saved, (bar, manages) = vars(made).pop(_SAVED), _parts(made)
    core = importlib.import_module("matplotlib.backends.backend_webagg_core")
    traits, model = saved["canvas"]
    made._trait_values.update(traits)
    core.FigureCanvasWebAggCore.__init__(made, saved["figure"])
    made._device_pixel_ratio, saved["figure"]._original_dpi = saved["ratio"], saved["dpi"]
    core.FigureManagerWebAgg.__init__(manages, made, saved["number"] or 1)
    manages.web_sockets = [made]
    if saved["toolbar"] is not None:
        _revive_toolbar(bar, made, *saved["toolbar"])
        manages.toolbar = bar
    made.on_msg(made._handle_message)
    made.syncing_data_url = False
    if model is not None:
        ipywidgets.attach(made, *model)
    vars(made).pop(_PARTS)


def _revive_toolbar(bar: Any, of: Any, traits: dict[str, Any], model: Any) -> None:
    core = importlib.import_module("matplotlib.backends.backend_webagg_core")
    bar._trait_values.update(traits)
    core.NavigationToolbar2WebAgg.__init__(bar, of)
    bar.on_msg(of._handle_message)
    if model is not None:
        ipywidgets.attach(bar, *model)

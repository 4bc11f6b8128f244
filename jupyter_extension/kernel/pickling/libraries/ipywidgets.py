"""Widgets: those that are on the page go on, with their observers, because they come back with the ids of their comms.

A widget is made without its `__init__`, which would open a comm; its traits are set without telling anybody; and its comm is one whose
other end is open already. Must be loaded before the page connects again.
"""

from __future__ import annotations

import importlib
import sys
import threading
import types
from typing import Any

from .. import rebuild

MODULE = "ipywidgets"
NAME = "libraries.ipywidgets"
_OF_THE_PROCESS = ("comm", "log", "_property_lock", "_states_to_send")
_INTERNAL = ("_trait_values", "_trait_notifiers", "_trait_validators", "_cross_validation_lock", "_repr_mimebundle_")
_SUBSHELL_WAIT_S = 10


def reduce_widget(widget: Any, _saving: Any) -> Any:
    """Reduce a widget to its class, its traits, its observers and the id of its comm."""
    cls, added = _class_of(widget)
    attributes = {name: value for name, value in vars(widget).items() if name not in _INTERNAL}
    values = {name: value for name, value in widget._trait_values.items() if name not in _OF_THE_PROCESS}
    comm = widget.comm
    model = None if comm is None else (comm.comm_id, getattr(comm, "target_name", "jupyter.widget"))
    state = (attributes, values, _observers(widget), model)
    return rebuild.family, (NAME, "widget", cls, added), state, None, None, set_widget


def _class_of(widget: Any) -> tuple[Any, dict[str, Any] | None]:
    """Give a widget's class, and the traits added to this one widget, for which traitlets makes a class of its own."""
    cls, added = type(widget), None
    trait = sys.modules["traitlets"].TraitType
    while cls.__module__ == "traitlets.traitlets":
        own = {name: value for name, value in vars(cls).items() if isinstance(value, trait)}
        added = {**own, **(added or {})}
        cls = cls.__mro__[1]
    return cls, added


def _observers(widget: Any) -> dict[str, dict[str, list[Any]]]:
    """Give the handlers added by `observe()`; those of the class are made with it."""
    handler = sys.modules["traitlets"].EventHandler
    found: dict[str, dict[str, list[Any]]] = {}
    for name, by_type in widget._trait_notifiers.items():
        for kind, handlers in by_type.items():
            kept = [one for one in handlers if not isinstance(one, handler)]
            if kept:
                found.setdefault(name, {})[kind] = kept
    return found


def widget(cls: Any, added: dict[str, Any] | None) -> Any:
    """Give a widget without traits' values."""
    made = cls.__new__(cls)
    if added:
        made.__class__ = type(cls.__name__, (cls,), added)
        made.__class__.__module__ = "traitlets.traitlets"
        for trait in added.values():
            trait.instance_init(made)
    return made


def set_widget(made: Any, state: tuple[Any, ...]) -> None:
    """Give a widget its traits, its observers and its comm."""
    attributes, values, observers, model = state
    vars(made).update(attributes)
    made._trait_values.update(values)
    for name, by_type in observers.items():
        for kind, handlers in by_type.items():
            present = made._trait_notifiers.setdefault(name, {}).setdefault(kind, [])
            present.extend(one for one in handlers if one not in present)
    _adopt_parts(made, attributes)
    if model is not None:
        attach(made, *model)


def _adopt_parts(made: Any, attributes: dict[str, Any]) -> None:
    """Let the traces of a plotly FigureWidget know their figure, which their own pickling cuts off."""
    if "_data_objs" not in attributes or "_layout_obj" not in attributes:
        return
    for number, trace in enumerate(made._data_objs):
        trace._trace_ind = number
    for part in (*made._data_objs, made._layout_obj):
        part._parent = made
        if hasattr(part, "_orphan_props"):
            part._orphan_props.clear()


def attach(made: Any, comm_id: str, target: str) -> None:
    """Give a widget a comm whose other end is open: `primary=False` sends no `comm_open`."""
    comms: Any = importlib.import_module("ipywidgets.comm")

    comm = comms.create_comm(comm_id=comm_id, target_name=target, primary=False)
    if getattr(comm, "kernel", False) is None:  # else the widget is mute until its first message
        comm.kernel = getattr(rebuild.loading().shell, "kernel", None)
    comms.get_comm_manager().register_comm(comm)
    made.comm = comm


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {sys.modules["ipywidgets.widgets.widget"].Widget: reduce_widget}


def capture(saving: Any) -> Any:
    """Give all widgets that are alive (those of `interact` stand in no variable), and the ids of the page's subshells."""
    module = sys.modules["ipywidgets.widgets.widget"]
    instances = getattr(module, "_instances", None)
    instances = module.Widget.widgets if instances is None else instances
    return {"widgets": dict(instances), "subshells": _subshells(getattr(saving.shell, "kernel", None))}


def _subshells(kernel: Any) -> list[str]:
    thread = getattr(kernel, "shell_channel_thread", None)
    if thread is None or not getattr(kernel, "_supports_kernel_subshells", False):
        return []
    return list(getattr(thread.manager, "_cache", {}))  # read without its lock: this runs in a forked child


def apply(state: Any, loading: Any) -> None:
    """Make subshells with the ids that the page uses; the widgets have attached themselves."""
    kernel = getattr(loading.shell, "kernel", None)
    wanted = [name for name in state["subshells"] if name not in _subshells(kernel)]
    if not wanted:
        return
    thread, done = getattr(kernel, "shell_channel_thread"), threading.Event()  # noqa: B009 - an older ipykernel has none
    thread.io_loop.add_callback(_make_subshells, thread.manager, wanted, done)
    if not done.wait(_SUBSHELL_WAIT_S):
        loading.warn(
            "the page's subshells: they could not be made; moving a slider may have no effect until the page is reloaded"
        )


def _make_subshells(manager: Any, wanted: list[str], done: threading.Event) -> None:
    module: Any = importlib.import_module("ipykernel.subshell_manager")
    original = module.uuid
    try:
        for name in wanted:
            module.uuid = types.SimpleNamespace(uuid4=lambda name=name: name)
            manager._create_subshell()
    finally:
        module.uuid = original
        done.set()

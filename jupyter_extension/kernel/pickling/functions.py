"""Functions: by name where importing gives the same one, else by value with the live namespace as their globals."""

from __future__ import annotations

import gc
import marshal
import sys
import types
from typing import Any

from . import rebuild
from .classes import find, taken_along

_STATE = (
    "__defaults__",
    "__kwdefaults__",
    "__doc__",
    "__module__",
    "__qualname__",
    "__annotations__",
    "__type_params__",
)

_IMPORT_STATE = frozenset(("__builtins__", "__spec__", "__loader__", "__cached__"))


def importable(obj: Any) -> bool:
    """Tell whether the object is what its module holds under its qualified name."""
    module = getattr(obj, "__module__", None)
    if module == "__main__" or module in taken_along or not isinstance(module, str):
        return False
    return find(module, getattr(obj, "__qualname__", None) or obj.__name__) is obj


def of_the_user(obj: Any) -> bool:
    """Tell whether a function or class was defined in the session itself."""
    if type(obj) in (staticmethod, classmethod):
        obj = obj.__func__
    if type(obj) is property:
        obj = obj.fget
    if not issubclass(type(obj), (types.FunctionType, type)):
        return False
    return getattr(obj, "__module__", None) == "__main__"


def reduce_function(function: types.FunctionType, saving: Any) -> Any:
    """Reduce a Python function."""
    if importable(function):
        return saving.refer(function, NotImplemented)
    state = {name: getattr(function, name) for name in _STATE if getattr(function, name, None) is not None}
    if not function.__annotations__:
        state.pop("__annotations__", None)
    state["__dict__"] = dict(function.__dict__)
    args = (function.__code__, Globals(function.__globals__), function.__name__, function.__closure__)
    return rebuild.function, args, state, None, None, rebuild.set_function


class Globals:
    """Stands for a function's globals: those of a module go by its name."""

    __slots__ = ("target",)

    def __init__(self, target: dict[str, Any]) -> None:
        self.target = target


def reduce_globals(globals_: Globals, saving: Any) -> Any:
    """Reduce a function's globals."""
    target = globals_.target
    if target is saving.namespace:
        return rebuild.module_dict, ("__main__",)
    module = saving.modules.get(id(target))
    if module is not None:
        return vars, (module,)
    return rebuild.same, (target,)


def reduce_code(code: types.CodeType, saving: Any) -> Any:
    """Reduce a code object; where it came from lets another minor version of Python compile it again."""
    saving.sources.add(code.co_filename)
    version = tuple(sys.version_info[:2])
    return rebuild.code, (marshal.dumps(code, 2), version, code.co_filename, code.co_name, code.co_firstlineno)


def reduce_cell(cell: types.CellType, _saving: Any) -> Any:
    """Reduce a closure cell, empty or not."""
    try:
        contents = (cell.cell_contents,)
    except ValueError:
        return rebuild.cell, ()
    return rebuild.cell, (), contents, None, None, rebuild.set_cell


def reduce_method(method: types.MethodType, _saving: Any) -> Any:
    """Reduce a bound method without asking its object for it by name."""
    return types.MethodType, (method.__func__, method.__self__)


def reduce_builtin(function: Any, saving: Any) -> Any:
    """Reduce a function in C: by name, or as a method of its object."""
    owner = function.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        if isinstance(owner, types.ModuleType) and not importable(function):
            return rebuild.attribute, (owner, function.__name__)
        return saving.refer(function, NotImplemented)
    return rebuild.builtin_method, (owner, function.__name__)


def reduce_property(prop: property, _saving: Any) -> Any:
    """Reduce a property."""
    return property, (prop.fget, prop.fset, prop.fdel, prop.__doc__)


def reduce_wrapper(wrapper: Any, _saving: Any) -> Any:
    """Reduce a staticmethod or classmethod."""
    return type(wrapper), (wrapper.__func__,)


def reduce_module(module: types.ModuleType, saving: Any) -> Any:
    """Reduce a module: by name where it can be imported again."""
    name = module.__name__
    if name in taken_along:
        state = {key: value for key, value in vars(module).items() if key not in _IMPORT_STATE}
        return rebuild.edited_module, (name, module.__file__), state, None, None, rebuild.set_module
    if (
        name == "__main__"
        or (sys.modules.get(name) is module and getattr(module, "__spec__", None) is not None)
        or name in sys.builtin_module_names
    ):
        return saving.refer(module, (rebuild.module, (name,)))
    return rebuild.new_module, (name, module.__doc__), dict(vars(module)), None, None, rebuild.set_module


def reduce_mapping_proxy(proxy: Any, _saving: Any) -> Any:
    """Reduce a read-only view of a dict."""
    return rebuild.mapping_proxy, (gc.get_referents(proxy)[0],)


REDUCERS: dict[type, Any] = {
    types.FunctionType: reduce_function,
    Globals: reduce_globals,
    types.CodeType: reduce_code,
    types.CellType: reduce_cell,
    types.MethodType: reduce_method,
    types.BuiltinFunctionType: reduce_builtin,
    type(object().__str__): reduce_builtin,  # method-wrapper
    property: reduce_property,
    staticmethod: reduce_wrapper,
    classmethod: reduce_wrapper,
    types.ModuleType: reduce_module,
    types.MappingProxyType: reduce_mapping_proxy,
}

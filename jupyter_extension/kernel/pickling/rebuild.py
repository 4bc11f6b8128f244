"""The names that pickles refer to: every function here is part of the snapshot format.

A pickle names these functions as `session_migrator_kernel.pickling.rebuild.NAME`, so a later version must keep each of them with its
meaning and its arguments. Everything else in this package may change freely.

Most of them work on the load that is going on (`loading()`), which knows the live namespace, the classes made so far and the
memory that arrays share.
"""

from __future__ import annotations

import importlib
import importlib.util
import marshal
import sys
import types
import weakref
from typing import TYPE_CHECKING, Any, Callable, Mapping

from .lost import Lost

if TYPE_CHECKING:
    from .loader import Loading

_stack: list[Loading] = []


def begin(loading: Loading) -> None:
    """Make this load the one that the functions of this module work for."""
    _stack.append(loading)


def end() -> None:
    """Forget the load begun last."""
    _stack.pop()


def loading() -> Loading:
    """Give the load that is going on; RuntimeError outside of one."""
    if not _stack:
        raise RuntimeError("this pickle is a part of a session's snapshot: restore the snapshot instead of loading it")
    return _stack[-1]


# ---------------------------------------------------------------- things that exist in every kernel


def special(name: str) -> Any:
    """Give a well-known object of the live kernel: see `wellknown.py`."""
    return loading().specials[name]


def builtin_type(name: str) -> type:
    """Give a type of the interpreter by the name that the module `types` has for it."""
    singletons = {"NoneType": None, "NotImplementedType": NotImplemented, "EllipsisType": ...}
    return type(singletons[name]) if name in singletons else getattr(types, name)


def module(name: str) -> types.ModuleType:
    """Give an imported module, importing it if need be."""
    return importlib.import_module(name)


def module_dict(name: str) -> dict[str, Any]:
    """Give the namespace of a module; that of `__main__` is the user's."""
    return loading().namespace if name == "__main__" else vars(importlib.import_module(name))


def attribute(owner: Any, path: str) -> Any:
    """Give `owner.a.b` for the path `a.b`."""
    for name in path.split("."):
        owner = getattr(owner, name)
    return owner


def global_(module_name: str, path: str) -> Any:
    """Give what an importable module holds under the path."""
    return attribute(importlib.import_module(module_name), path)


def lost(what: str, reason: str, cell: int | None) -> Lost:
    """Give the placeholder of something that could not be saved."""
    return Lost(what, reason, cell)


# ---------------------------------------------------------------- functions


def code(data: bytes, version: tuple[int, int], filename: str, name: str, line: int) -> types.CodeType:
    """Give a code object from its marshalled form, or by compiling its source where the Python's minor version differs."""
    if version == tuple(sys.version_info[:2]):
        loaded: types.CodeType = marshal.loads(data)  # noqa: S302 - authenticated with the rest of the snapshot
        return loaded
    return loading().recompile(filename, name, line)


def function(
    code: types.CodeType, globals_: dict[str, Any], name: str, closure: tuple[Any, ...] | None
) -> types.FunctionType:
    """Give a function without defaults and attributes; `set_function` gives it these."""
    return types.FunctionType(code, globals_, name, None, closure)


def set_function(target: types.FunctionType, state: Mapping[str, Any]) -> None:
    """Give a function its defaults, attributes and names."""
    target.__dict__.update(state["__dict__"])
    for name, value in state.items():
        if name != "__dict__":
            setattr(target, name, value)


def cell() -> types.CellType:
    """Give an empty closure cell."""
    return types.CellType()


def set_cell(target: types.CellType, contents: tuple[Any, ...]) -> None:
    """Fill a closure cell."""
    target.cell_contents = contents[0]


def builtin_method(owner: Any, name: str) -> Any:
    """Give a method of a built-in type bound to its object."""
    return getattr(owner, name)


def same(value: Any) -> Any:
    """Give the argument."""
    return value


def new_module(name: str, doc: str | None) -> types.ModuleType:
    """Give a module that no file stands for."""
    return types.ModuleType(name, doc)


def edited_module(name: str, file: str) -> types.ModuleType:
    """Give a module whose file was edited since it was imported: it gets the contents that it had, whatever the file holds now."""
    spec = importlib.util.spec_from_file_location(name, file)
    module = types.ModuleType(name) if spec is None else importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loading().warn(f"{name}: it was edited after it was imported; it is as it was imported until it is reloaded")
    return module


def set_module(target: types.ModuleType, state: Mapping[str, Any]) -> None:
    """Give such a module its contents."""
    vars(target).update(state)


def super_of(cls: type, owner: Any) -> Any:
    """Give `super(cls, owner)`."""
    return super(cls, owner)


# ---------------------------------------------------------------- classes of the user


def class_(key: str) -> Any:
    """Give a class of the user by its key, with its methods in place."""
    return loading().class_(key)


def new_class(key: str, meta: type, name: str, bases: tuple[type, ...], body: dict[str, Any], members: Any) -> None:
    """Make a class without its methods, so that classes and objects may refer to each other in any order."""
    from . import newclass  # noqa: PLC0415 - only snapshots with classes need it

    loading().make_class(key, newclass.skeleton, meta, name, bases, body, members)


def set_class(key: str, state: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
    """Give a class its methods or its other attributes."""
    from . import newclass  # noqa: PLC0415 - only snapshots with classes need it

    made = loading().classes[key]
    if type(made) is not Lost:
        newclass.fill(made, state, extra)


def new_named(key: str, make: Callable[..., Any], *args: Any) -> None:
    """Make an object that stands in the registry of classes, such as a TypeVar."""
    loading().make_class(key, make, *args)


def type_parameter(kind: type, name: str, variance: tuple[Any, ...]) -> Any:
    """Give a TypeVar, ParamSpec, TypeVarTuple or NewType."""
    if len(variance) == 1:
        made = kind(name, *variance)
    else:
        bound, constraints, covariant, contravariant = variance
        options = {"bound": bound, "covariant": covariant, "contravariant": contravariant}
        made = kind(name) if covariant is None else kind(name, *(constraints or ()), **options)
    made.__module__ = "__main__"
    return made


def enum_member(cls: type, name: str) -> Any:
    """Give a member of an enumeration of the user's."""
    from . import newclass  # noqa: PLC0415 - only snapshots with classes need it

    return newclass.member(cls, name)


# ---------------------------------------------------------------- containers and references


def bare(cls: type) -> Any:
    """Give an instance without calling any of its class's code."""
    return object.__new__(cls)


def empty(base: Any, cls: type) -> Any:
    """Give an instance by the `__new__` of a base in C, without calling any of its class's code."""
    return base.__new__(cls)


def fill(target: Any, state: tuple[Any, Any, dict[str, Any] | None, dict[str, Any] | None]) -> None:
    """Give an instance of a subclass of list or dict its items by the base's own method, and its attributes."""
    base, items, *attributes = state
    (dict.update if base is dict else list.extend)(target, items)
    set_attributes(target, (attributes[0], attributes[1]))


def set_known(target: Any, state: tuple[dict[str, Any], None]) -> None:
    """Give an object of a library's module the attributes that it had, but for lost ones."""
    vars(target).update({name: value for name, value in state[0].items() if type(value) is not Lost})


def update_dict(target: Any, state: dict[str, Any]) -> None:
    """Add to an object's `__dict__`."""
    vars(target).update(state)


def set_attributes(target: Any, state: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> None:
    """Give an instance its attributes: those of its `__dict__`, then those in slots."""
    attributes, slots = state
    if attributes:
        vars(target).update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(target, name, value)


def weak(target: Any, callback: Any = None) -> Any:
    """Give a weak reference; to nothing if the target is None."""
    if target is None:
        return weakref.ref(type("Gone", (), {})())
    return weakref.ref(target, callback)


def weak_method(target: Any, name: str, callback: Any = None) -> Any:
    """Give a weak reference to a bound method."""
    return weakref.WeakMethod(getattr(target, name), callback)


def weak_proxy(target: Any) -> Any:
    """Give a weak proxy."""
    return weakref.proxy(target)


def mapping_proxy(target: dict[Any, Any]) -> Any:
    """Give a read-only view of a dict."""
    return types.MappingProxyType(target)


def dict_view(target: dict[Any, Any], kind: str) -> Any:
    """Give `target.keys()`, `.values()` or `.items()`."""
    return getattr(target, kind)()


def memory(span: int) -> memoryview:
    """Give the bytes of a span as they are shared with others."""
    return loading().memory(span)


# ---------------------------------------------------------------- the rest is rebuilt by the family that knows it


def family(name: str, maker: str, *args: Any) -> Any:
    """Give what a family of types (`resources/NAME`, `libraries/NAME`) makes of these arguments."""
    return getattr(loading().family(name), maker)(*args)


def set_family(target: Any, state: tuple[Any, ...]) -> None:
    """Give an object its state by its family's function: the state is (family, function, values)."""
    name, setter, values = state
    getattr(loading().family(name), setter)(target, values)

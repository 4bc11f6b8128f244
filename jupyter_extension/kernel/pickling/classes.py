"""Classes of the user's, saved by value in two steps so that classes and objects may refer to each other in any order.

A class met while pickling is replaced by its key. All classes together go into one part as skeletons (metaclass, name, bases, slots,
the members of an enumeration); their methods, and after these their other attributes, are roots of their own beside the variables, so
that a list in a class's body stays shared with a variable that holds it too.
"""

from __future__ import annotations

import abc
import enum
import sys
import types
import typing
from typing import Any

from . import rebuild

_NEVER = frozenset(("__dict__", "__weakref__", "_abc_impl", "__abstractmethods__", "__slotnames__"))
_LAYOUT = (
    "_pack_",
    "_align_",
    "_layout_",
    "_anonymous_",
    "_fields_",
    "_type_",
    "_length_",
    "_flags_",
    "_argtypes_",
    "_restype_",
)
_METHODS = (types.FunctionType, staticmethod, classmethod, property)
_NAMED = ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType")
NAMED = tuple(kind for kind in (getattr(typing, name, None) for name in _NAMED) if isinstance(kind, type))
HEAP_TYPE = 1 << 9
_BUILT_IN = {value: name for name, value in vars(types).items() if isinstance(value, type)}
_BUILT_IN.update({type(None): "NoneType", type(NotImplemented): "NotImplementedType", type(...): "EllipsisType"})

taken_along: set[str] = set()  # the modules that are saved by value in the snapshot under way


class ClassRegistry:
    """The classes that are saved by value, each with its key: `module.qualname`, and `#2` and so on for another of that name."""

    def __init__(self) -> None:
        self.keys: dict[int, str] = {}
        self.order: list[tuple[str, Any]] = []
        self._taken: dict[str, int] = {}

    def key(self, cls: Any) -> str:
        """Give the key of a class, new or known. Its metaclass and bases are registered before it."""
        key = self.keys.get(id(cls))
        if key is None:
            for needed in needed_by(cls):
                if by_value(needed):
                    self.key(needed)
            name = f"{cls.__module__}.{getattr(cls, '__qualname__', cls.__name__)}"
            count = self._taken[name] = self._taken.get(name, 0) + 1
            key = self.keys[id(cls)] = name if count == 1 else f"{name}#{count}"
            self.order.append((key, cls))
        return key


def needed_by(cls: Any) -> tuple[Any, ...]:
    """Give the classes that must exist before this one can be made."""
    if not isinstance(cls, type):
        names = ("__bound__", "__constraints__", "__supertype__")
        found = [getattr(cls, name, None) for name in names]
        return tuple(part for part in (found[0], *(found[1] or ()), found[2]) if isinstance(part, (type, *NAMED)))
    return (type(cls), *cls.__bases__, *(kind for _, kind, *_ in layout(cls).get("_fields_", ())))


def layout(cls: type) -> dict[str, Any]:
    """Give what a structure or union of ctypes must have from its beginning: subclasses settle how its memory is laid out."""
    if not cls.__flags__ & HEAP_TYPE or type(cls).__module__ != "_ctypes":
        return {}
    return {name: vars(cls)[name] for name in _LAYOUT if name in vars(cls)}


def mro(cls: type) -> tuple[type, ...]:
    """Give a class's bases, itself first, whatever its metaclass does to attributes."""
    bases: tuple[type, ...] = type.__getattribute__(cls, "__mro__")
    return bases


def by_value(cls: Any) -> bool:
    """Tell whether a class cannot be had by importing it: it is of `__main__`, or its module does not hold it under its name."""
    module = getattr(cls, "__module__", None)
    if module == "__main__" or module in taken_along or not isinstance(module, str):
        return cls not in _BUILT_IN
    found = find(module, getattr(cls, "__qualname__", cls.__name__))
    return cls not in _BUILT_IN and found is not cls and _example(cls) is None


def find(module: str, path: str) -> Any:
    """Give what the path leads to in a module that is loaded, or None."""
    found: Any = sys.modules.get(module)
    try:
        for name in path.split("."):
            found = vars(found).get(name) if isinstance(found, (type, types.ModuleType)) else getattr(found, name, None)
    except Exception:  # noqa: BLE001 - an object may define __getattr__, which may raise anything
        return None
    return found


def reduce_class(cls: Any, saving: Any) -> Any:
    """Reduce a class: by name where it can be imported, else by its key."""
    if cls in _BUILT_IN:
        return rebuild.builtin_type, (_BUILT_IN[cls],)
    if not by_value(cls):
        example = _example(cls)
        return NotImplemented if example is None else (type, (example,))
    if isinstance(cls, type) and (not cls.__flags__ & HEAP_TYPE or _in_c(cls)):
        return saving.lose(cls, "it is a type of a C library that no module names")
    return rebuild.class_, (saving.classes.key(cls),)


def _example(meta: Any) -> Any:
    """Give a class that its module names and that has this metaclass, which no module names; None if there is none."""
    if not isinstance(meta, type) or not issubclass(meta, type) or find(meta.__module__, meta.__qualname__) is meta:
        return None
    module = sys.modules.get(meta.__module__)
    return next((value for value in vars(module).values() if type(value) is meta), None) if module else None


def _in_c(cls: type) -> bool:
    """Tell whether a class that cannot be imported was made by a C library."""
    return cls.__module__ != "__main__" and any(
        isinstance(value, types.MethodDescriptorType) for value in vars(cls).values()
    )


def skeleton(key: str, cls: Any) -> Any:
    """Give the arguments of `rebuild.new_class` (or `new_named`) for a class, and the function itself."""
    if not isinstance(cls, type):
        return rebuild.new_named, (key, rebuild.type_parameter, type(cls), cls.__name__, variance(cls))
    body: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    body.update(layout(cls))
    slots = own_slots(cls)
    if slots is not None:
        body["__slots__"] = slots
    return rebuild.new_class, (key, type(cls), cls.__name__, cls.__bases__, body, members(cls))


def variance(parameter: Any) -> tuple[Any, ...]:
    """Give what a type parameter is made from beside its name."""
    if hasattr(parameter, "__supertype__"):
        return (parameter.__supertype__,)
    names = ("__bound__", "__constraints__", "__covariant__", "__contravariant__")
    return tuple(getattr(parameter, name, None) for name in names)


def own_slots(cls: type) -> tuple[str, ...] | None:
    """Give the names of the slots that the class itself adds, `__dict__` and `__weakref__` included, or None if it has no `__slots__`."""
    if "__slots__" not in cls.__dict__:
        return None
    slots = [name for name, value in cls.__dict__.items() if isinstance(value, types.MemberDescriptorType)]
    base = cls.__base__
    if cls.__dictoffset__ and base is not None and not base.__dictoffset__:
        slots.append("__dict__")
    if cls.__weakrefoffset__ and base is not None and not base.__weakrefoffset__:
        slots.append("__weakref__")
    return tuple(slots)


def all_members(cls: Any) -> dict[str, Any]:
    """Give an enumeration's members by name; combinations of flags made so far, which have no name, by `#` and their value."""
    found = {name: member for name, member in cls._member_map_.items() if member._name_ == name}
    known = {id(member) for member in found.values()}
    found.update(
        (f"#{member._value_}", member) for member in cls._value2member_map_.values() if id(member) not in known
    )
    return found


def members(cls: type) -> list[tuple[str, Any]] | None:
    """Give an enumeration's members as (name, the plain value they are made from, if any); None for other classes."""
    if not isinstance(cls, enum.EnumMeta):
        return None
    return [(name, _plain(member)) for name, member in all_members(cls).items()]


def _plain(member: Any) -> Any:
    kinds: tuple[Any, ...] = (int, str, float, bytes, tuple)
    for base in kinds:
        if isinstance(member, base):
            return str.__str__(member) if base is str else base(member)
    return None


def state(cls: type) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Give a class's attributes: the methods, the rest, and what `newclass.fill` needs beside them."""
    methods: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    settled = layout(cls)
    for name, value in cls.__dict__.items():
        if name in settled:
            continue
        if name in _NEVER or isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
            continue
        if type(value).__module__ in ("_ctypes", "ctypes") and type(value).__name__ == "CField":  # made from `_fields_`
            continue
        (methods if isinstance(value, _METHODS) else rest)[name] = value
    extra: dict[str, Any] = {}
    if isinstance(cls, enum.EnumMeta):
        extra["members"] = {name: dict(vars(member)) for name, member in all_members(cls).items()}
    if isinstance(cls, abc.ABCMeta):
        extra.update(_abstract(cls))
    return methods, rest, extra


def _abstract(cls: abc.ABCMeta) -> dict[str, Any]:
    registry, *_ = abc._get_dump(cls)  # type: ignore[attr-defined]
    registered = [found for found in (ref() for ref in registry) if found is not None]
    return {"abstract": sorted(cls.__abstractmethods__), "registry": registered}

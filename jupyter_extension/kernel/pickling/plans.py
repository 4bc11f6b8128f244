"""Which way each type of object is reduced, decided once per type.

In this order: the reducer of a family that knows the exact type; that of a family that knows a base class; the class's own pickling
protocol, guarded; else the attributes, taken without running any code of the class.
"""

from __future__ import annotations

import copyreg
import enum
from typing import Any, Callable

from . import rebuild
from .classes import NAMED, by_value, reduce_class
from .functions import REDUCERS

Reducer = Callable[[Any, Any], Any]
PLAIN = object()  # the C pickler's default reduction is right, and runs no code of the user's

_PROTOCOL = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_HOOKS = ("__getattr__", "__getattribute__", "__class__")


def defined(kind: type, name: str) -> bool:
    """Tell whether a class or one of its bases other than object defines the attribute."""
    return any(name in base.__dict__ for base in kind.__mro__[:-1])


def choose(obj: Any, saving: Any) -> Any:
    """Give the plan for this object's type."""
    kind = type(obj)
    found = saving.families.exact.get(kind) or REDUCERS.get(kind)
    if found is not None:
        return found
    if isinstance(obj, type) or kind in NAMED:
        return reduce_class
    for base in kind.__mro__:
        if base in saving.families.inherited:
            return saving.families.inherited[base]
    if issubclass(kind, enum.Enum):
        return reduce_member
    if kind in copyreg.dispatch_table:
        return reduce_registered
    return _by_protocol(kind)


def _by_protocol(kind: type) -> Any:
    custom = any(defined(kind, name) for name in _PROTOCOL)
    hooked = any(defined(kind, name) for name in _HOOKS)
    own_new = _base_with_data(kind) is not object
    if custom or own_new:
        return reduce_guarded
    if hooked or (by_value(kind) and "__slots__" in kind.__dict__):
        return reduce_attributes
    return PLAIN if object.__reduce_ex__ is kind.__reduce_ex__ and kind.__flags__ & (1 << 9) else reduce_guarded


def _base_with_data(kind: type) -> type:
    """Give the first base that is implemented in C."""
    return next(base for base in kind.__mro__ if not base.__flags__ & (1 << 9))


def reduce_member(member: Any, saving: Any) -> Any:
    """Reduce a member of an enumeration to a reference to it."""
    cls = type(member)
    if by_value(cls):
        name = member._name_ if cls._member_map_.get(member._name_) is member else f"#{member._value_}"
        return rebuild.enum_member, (cls, name)
    return reduce_guarded(member, saving)


def reduce_registered(obj: Any, saving: Any) -> Any:
    """Reduce by the function registered with copyreg."""
    return checked(obj, copyreg.dispatch_table[type(obj)](obj), saving)


def reduce_guarded(obj: Any, saving: Any) -> Any:
    """Reduce by the class's own protocol, whatever it raises."""
    return checked(obj, obj.__reduce_ex__(5), saving)


def reduce_attributes(obj: Any, _saving: Any) -> Any:
    """Reduce to the class, the `__dict__` and the slots, without running any code of the class."""
    kind = type(obj)
    slots = {}
    for name in copyreg._slotnames(kind):  # type: ignore[attr-defined]
        try:
            slots[name] = object.__getattribute__(obj, name)
        except AttributeError:
            continue
    try:
        attributes = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        attributes = None
    return rebuild.bare, (kind,), (attributes, slots), None, None, rebuild.set_attributes


def checked(obj: Any, reduction: Any, saving: Any) -> Any:
    """Give the reduction if the pickler will take it; TypeError else, so that the object is lost and not all of the pickle."""
    if isinstance(reduction, str):
        return saving.refer(obj, (rebuild.global_, (resolve(obj, reduction), reduction)))
    if not isinstance(reduction, tuple) or not 2 <= len(reduction) <= 6 or not callable(reduction[0]):
        raise TypeError("__reduce__ must give a string or a tuple of two to six values")
    if not isinstance(reduction[1], tuple):
        raise TypeError("the second value that __reduce__ gives must be a tuple")
    for position in (3, 4):
        if (
            len(reduction) > position
            and reduction[position] is not None
            and not hasattr(reduction[position], "__next__")
        ):
            raise TypeError("the items that __reduce__ gives must be iterators")
    return reduction


def resolve(obj: Any, name: str) -> str:
    """Give the module that holds the object under this name."""
    import pickle  # noqa: PLC0415 - loaded already

    module = pickle.whichmodule(obj, name)  # type: ignore[attr-defined]
    found: Any = __import__(module, level=0, fromlist=["*"])
    for part in name.split("."):
        found = getattr(found, part)
    if found is not obj:
        raise TypeError(f"it is not the object that {module}.{name} names")
    return module

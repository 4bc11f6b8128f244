"""Which way each type of object is reduced, decided once per type.

In this order: the reducer of a family that knows the exact type; that of a family that knows a base class; the class's own pickling
protocol, guarded; else the attributes, taken without running any code of the class.
"""

from __future__ import annotations

import copyreg
import enum
import pickle
import sys
import types
from typing import Any, Callable

from . import rebuild
from .classes import HEAP_TYPE, NAMED, by_value, mro, reduce_class
from .functions import REDUCERS
from .lost import Lost, explain

Reducer = Callable[[Any, Any], Any]
PLAIN: Any = object()  # the C pickler's default reduction is right, and runs no code of the user's

_PROTOCOL = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_HOOKS = ("__getattr__", "__getattribute__", "__class__")
_FILLED: dict[type, tuple[str, ...]] = {list: ("append", "extend"), dict: ("__setitem__",)}  # how unpickling fills them


def choose(obj: Any, saving: Any) -> Reducer:
    """Give the plan for this object's type."""
    kind = type(obj)
    if kind is Lost:
        return lambda placeholder, _saving: (rebuild.lost, explain(placeholder))
    exact: Reducer | None = saving.families.exact.get(kind)
    if exact is None:
        exact = REDUCERS.get(kind)
    if exact is not None:
        return exact
    return _by_bases(obj, kind, saving)


def _by_bases(obj: Any, kind: type, saving: Any) -> Reducer:
    if issubclass(kind, type) or kind in NAMED:
        return reduce_class
    for base in mro(kind):
        if base in saving.families.inherited:
            inherited: Reducer = saving.families.inherited[base]
            return inherited
    if issubclass(kind, enum.Enum):
        return reduce_member
    if kind in copyreg.dispatch_table:
        return reduce_registered
    return _with_singletons(kind, saving) or _by_protocol(kind)


def _with_singletons(kind: type, saving: Any) -> Reducer | None:
    """Give a plan that looks for objects that the type's module holds by name, if there are any of this type."""
    module = sys.modules.get(type.__getattribute__(kind, "__module__"))
    if type(module) is not types.ModuleType or module.__name__ == "__main__":
        return None
    names = {id(value): name for name, value in vars(module).items() if type(value) is kind}
    if not names:
        return None
    other = _by_protocol(kind)
    usual = reduce_guarded if other is PLAIN else other

    def reduce_known(obj: Any, saving: Any) -> Any:
        name = names.get(id(obj))
        if name is None:
            return usual(obj, saving)
        reduction = (rebuild.global_, (module.__name__, name))
        attributes = getattr(obj, "__dict__", None) if usual in (reduce_guarded, reduce_attributes) else None
        if not attributes:
            return saving.refer(obj, reduction)
        return (*reduction, (dict(attributes), None), None, None, rebuild.set_known)

    return reduce_known


def _by_protocol(kind: type) -> Reducer:
    own = {name: value for base in reversed(mro(kind)[:-1]) for name, value in vars(base).items()}
    hooked = any(name in own for name in _HOOKS)
    if any(name in own for name in _PROTOCOL):
        return reduce_hooked if hooked and "__setstate__" not in own else reduce_guarded
    data = _base_with_data(kind)
    if data in _FILLED and any(type(own[name]) is types.FunctionType for name in _FILLED[data]):
        return reduce_container
    if data is not object:
        return reduce_hooked if hooked else reduce_guarded
    if hooked or "__slots__" in own or _needs_arguments(own.get("__new__")):
        return reduce_attributes
    return PLAIN  # type: ignore[no-any-return]


def _base_with_data(kind: type) -> type:
    """Give the first base that is implemented in C: a static type, or one that brings a `__new__` in C."""
    return next(
        base
        for base in mro(kind)
        if not _flags(base) & HEAP_TYPE or type(vars(base).get("__new__")) is types.BuiltinFunctionType
    )


def _needs_arguments(new: Any) -> bool:
    """Tell whether a class's `__new__` cannot be called with nothing but the class, as unpickling would."""
    function = getattr(new, "__func__", new)
    if type(function) is not types.FunctionType:
        return False
    optional = len(function.__defaults__ or ())
    code = function.__code__
    return code.co_argcount - optional > 1 or code.co_kwonlyargcount > len(function.__kwdefaults__ or ())


def _flags(kind: type) -> int:
    flags: int = type.__getattribute__(kind, "__flags__")
    return flags


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
    return rebuild.bare, (type(obj),), attributes_of(obj), None, None, rebuild.set_attributes


def reduce_hooked(obj: Any, saving: Any) -> Any:
    """Reduce by the protocol, but set the state without asking the object for `__setstate__`: its `__getattr__` may need that state."""
    reduction = reduce_guarded(obj, saving)
    if len(reduction) == 2 or reduction[2] is None or len(reduction) == 6:
        return reduction
    state = reduction[2]
    if type(state) is dict:
        state = (state, None)
    if type(state) is not tuple or len(state) != 2:
        return reduction
    return (*reduction[:2], state, *(*reduction[3:], None, None)[:2], rebuild.set_attributes)


def reduce_container(obj: Any, _saving: Any) -> Any:
    """Reduce a list or dict whose class has its own ways of adding items; they were used once, and are not called again."""
    kind = type(obj)
    base = _base_with_data(kind)
    items: Any = list(dict.items(obj)) if base is dict else list(list.__iter__(obj))
    return rebuild.empty, (base, kind), (base, items, *attributes_of(obj)), None, None, rebuild.fill


def attributes_of(obj: Any) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Give an object's `__dict__` and its slots, without running any code of its class."""
    slots = {}
    for base in mro(type(obj)):
        for name, member in vars(base).items():
            if type(member) is types.MemberDescriptorType and name not in slots:
                value = _slot(member, obj)
                if value is not _UNSET:
                    slots[name] = value
    try:
        attributes = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        attributes = None
    return attributes, slots


_UNSET: Any = object()


def _slot(member: Any, obj: Any) -> Any:
    try:
        return member.__get__(obj)
    except AttributeError:
        return _UNSET


def checked(obj: Any, reduction: Any, saving: Any) -> Any:
    """Give the reduction if the pickler will take it; TypeError else, so that the object is lost and not all of the pickle."""
    if isinstance(reduction, str):
        return saving.refer(obj, (rebuild.global_, (resolve(obj, reduction), reduction)))
    if not isinstance(reduction, tuple) or not 2 <= len(reduction) <= 6 or not callable(reduction[0]):
        raise TypeError("__reduce__ must give a string or a tuple of two to six values")
    if not isinstance(reduction[1], tuple):
        raise TypeError("the second value that __reduce__ gives must be a tuple")
    for position in (3, 4):
        if len(reduction) > position and reduction[position] is not None:
            iter(reduction[position])
    return reduction


def resolve(obj: Any, name: str) -> str:
    """Give the module that holds the object under this name; TypeError if it is not there when the snapshot is loaded."""
    module: str = pickle.whichmodule(obj, name)  # type: ignore[attr-defined]
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part)
    if found is not obj or module == "__main__":
        raise TypeError(f"it is not an object that can be imported as {module}.{name}")
    return module

"""Making the user's classes again without running any of the user's code: no `__init_subclass__`, no `__set_name__`, no metaclass's `__new__`."""

from __future__ import annotations

import abc
import contextlib
import enum
import gc
import types
from typing import Any, Iterator, Mapping, cast


def skeleton(
    meta: type, name: str, bases: tuple[type, ...], body: dict[str, Any], members: list[tuple[str, Any]] | None
) -> type:
    """Make a class that has its bases and slots, and for an enumeration its members, but no attributes yet."""
    body = dict(body, __orig_bases__=())  # typing.Generic looks for it, and must find nothing to do
    with _quiet(bases):
        cls: type = maker(meta)(meta, name, bases, body)
        _in_c(meta, "__init__")(cls, name, bases, body)  # does nothing but for ctypes, which lays out the memory here
    _in_c(meta, "__delattr__")(cls, "__orig_bases__")
    if members is not None:
        _add_members(cls, members)
    return cls


@contextlib.contextmanager
def _quiet(bases: tuple[type, ...]) -> Iterator[None]:
    """Set the bases' `__init_subclass__` aside: a library's must not be called for half a class."""
    name = "__init_subclass__"
    owners = dict.fromkeys(owner for base in bases for owner in base.__mro__)
    aside = [(owner, vars(owner)[name]) for owner in owners if isinstance(vars(owner).get(name), classmethod)]
    for owner, _ in aside:
        type.__delattr__(owner, name)
    try:
        yield
    finally:
        for owner, hook in aside:
            type.__setattr__(owner, name, hook)


def maker(meta: type) -> Any:
    """Give the `__new__` in C that the metaclass rests on."""
    for base in meta.__mro__:
        made = base.__dict__.get("__new__")
        if isinstance(made, types.BuiltinMethodType):
            return made
    return type.__new__


def _add_members(cls: Any, members: list[tuple[str, Any]]) -> None:
    made: dict[str, Any] = {}
    for name, plain in members:
        made[name] = object.__new__(cls) if plain is None else type(plain).__new__(cls, plain)
        made[name].__dict__["_name_"] = None if name.startswith("#") else name
    type.__setattr__(cls, "_migrated_", made)


def member(cls: Any, name: str) -> Any:
    """Give a member of an enumeration, made or still being made."""
    return vars(cls)["_migrated_"][name]


def fill(cls: type, state: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
    """Give a class its attributes, and then what only its metaclass keeps."""
    for name, value in state.items():
        if name == "__class__":
            cast("dict[str, Any]", gc.get_referents(cls.__dict__)[0])[name] = (
                value  # setting it the usual way would change the metaclass
            )
        elif name not in ("__module__", "__qualname__"):
            _in_c(type(cls), "__setattr__")(cls, name, value)
    if isinstance(cls, enum.EnumMeta):
        for name, attributes in extra.get("members", {}).items():
            vars(member(cls, name)).update(attributes)
    if isinstance(cls, abc.ABCMeta):
        _make_abstract(cls, extra)


def _in_c(meta: type, name: str) -> Any:
    """Give the `__setattr__` or `__delattr__` in C that the metaclass rests on: that of ctypes lays out the fields of a structure."""
    found = (base.__dict__.get(name) for base in meta.__mro__)
    return next(each for each in found if isinstance(each, types.WrapperDescriptorType))


def _make_abstract(cls: Any, extra: Mapping[str, Any]) -> None:
    if "_abc_impl" not in cls.__dict__:
        abc._abc_init(cls)  # type: ignore[attr-defined]
    if "abstract" in extra:
        cls.__abstractmethods__ = frozenset(extra["abstract"])
    for registered in extra.get("registry", ()):
        abc.ABCMeta.register(cls, registered)

"""Classes that SQLAlchemy maps, and their instances: their own pickling wants the classes to be mapped by the importing of a module."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild
from ..plans import reduce_attributes

MODULE = "sqlalchemy.orm"
NAME = "libraries.sqlalchemy"
_PLACES = {
    "sqlalchemy.orm.attributes": ("QueryableAttribute",),
    "sqlalchemy.orm.state": ("InstanceState",),
    "sqlalchemy.orm.collections": ("CollectionAdapter",),
}


def reduce_symbol(symbol: Any, _saving: Any) -> Any:
    """Reduce a named constant to its name: its number is another one in each process."""
    return rebuild.family, (NAME, "symbol", symbol.name)


def symbol(name: str) -> Any:
    """Give the constant of this name."""
    return sys.modules["sqlalchemy.util"].symbol(name)


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    kind = getattr(sys.modules.get("sqlalchemy.util"), "symbol", None)
    return {kind: reduce_symbol} if isinstance(kind, type) else {}


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses: what they hold, as it is."""
    found = (getattr(sys.modules.get(module), name, None) for module, names in _PLACES.items() for name in names)
    return {kind: reduce_attributes for kind in found if kind is not None}

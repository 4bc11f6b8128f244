"""Exceptions, made again without calling their `__init__`, whose arguments need not be those that they keep."""

from __future__ import annotations

from typing import Any

from .. import rebuild
from ..classes import HEAP_TYPE, mro
from ..plans import reduce_guarded

MODULE = None
NAME = "resources.exceptions"
_LINKS = ("__cause__", "__context__", "__suppress_context__")


def reduce_exception(error: BaseException, saving: Any) -> Any:
    """Reduce an exception with its cause and context; the traceback's frames stay behind."""
    kind = type(error)
    if kind.__reduce__ is not _c_base(kind).__reduce__ or kind.__reduce_ex__ is not object.__reduce_ex__:
        return reduce_guarded(error, saving)
    links = {name: getattr(error, name) for name in _LINKS if getattr(error, name)}
    attributes = dict(vars(error))
    return rebuild.family, (NAME, "exception", kind, error.args), (attributes, links), None, None, set_exception


def _c_base(kind: type) -> Any:
    return next(base for base in mro(kind) if not base.__flags__ & HEAP_TYPE)


def exception(kind: Any, args: tuple[Any, ...]) -> BaseException:
    """Give an exception with these arguments."""
    base = _c_base(kind)
    error: BaseException = base.__new__(kind, *args)
    base.__init__(error, *args)
    return error


def set_exception(error: BaseException, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give an exception its attributes, its cause and its context."""
    attributes, links = state
    vars(error).update(attributes)
    for name, value in links.items():
        setattr(error, name, value)


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {BaseException: reduce_exception}

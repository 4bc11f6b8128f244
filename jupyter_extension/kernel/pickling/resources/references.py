"""Weak references and weak containers, views of dicts, and iterators that the standard library cannot pickle."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict
from typing import Any

from .. import rebuild

MODULE = None
NAME = "resources.references"


def reduce_weak(ref: Any, _saving: Any) -> Any:
    """Reduce a weak reference together with its target."""
    callback = getattr(ref, "__callback__", None)
    target = ref()
    return rebuild.weak, ((target,) if callback is None or target is None else (target, callback))


def reduce_weak_method(ref: Any, _saving: Any) -> Any:
    """Reduce a weak reference to a bound method."""
    method = ref()
    return (rebuild.weak, (None,)) if method is None else (rebuild.weak_method, (method.__self__, method.__name__))


def reduce_proxy(proxy: Any, saving: Any) -> Any:
    """Reduce a weak proxy, by way of a bound method of its target."""
    try:
        target = proxy.__repr__.__self__
    except ReferenceError:
        return saving.lose(proxy, "what it referred to is gone")
    return rebuild.weak_proxy, (target,)


def reduce_weak_values(container: Any, _saving: Any) -> Any:
    """Reduce a WeakValueDictionary."""
    return type(container), (), None, None, iter(list(container.items()))


def reduce_weak_set(container: Any, _saving: Any) -> Any:
    """Reduce a WeakSet."""
    return type(container), (list(container),)


def reduce_finalizer(finalizer: Any, _saving: Any) -> Any:
    """Reduce a finalizer together with what it waits for; one whose time has come is a dead one."""
    alive = finalizer.peek()
    return rebuild.family, (NAME, "finalizer", *((alive, finalizer.atexit) if alive else ()))


def finalizer(alive: Any = None, atexit: bool = True) -> Any:
    """Give a finalizer that waits, or a dead one."""
    if alive is None:
        return object.__new__(weakref.finalize)
    target, function, args, kwargs = alive
    made = weakref.finalize(target, function, *args, **kwargs)
    made.atexit = atexit
    return made


def reduce_view(view: Any, _saving: Any) -> Any:
    """Reduce a view of a dict."""
    kind = type(view).__name__.replace("odict_", "").replace("dict_", "")
    return rebuild.dict_view, (_dict_of(view), kind)


def _dict_of(view: Any) -> Any:
    return gc.get_referents(view)[0]


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {
        weakref.ref: reduce_weak,
        weakref.WeakMethod: reduce_weak_method,
        weakref.ProxyType: reduce_proxy,
        weakref.CallableProxyType: reduce_proxy,
        weakref.WeakValueDictionary: reduce_weak_values,
        weakref.WeakKeyDictionary: reduce_weak_values,
        weakref.WeakSet: reduce_weak_set,
        weakref.finalize: reduce_finalizer,
        type({}.keys()): reduce_view,
        type({}.values()): reduce_view,
        type({}.items()): reduce_view,
        type(OrderedDict().keys()): reduce_view,
        type(OrderedDict().values()): reduce_view,
        type(OrderedDict().items()): reduce_view,
    }

"""Locks and what is made of them come back unlocked: nobody who held them has moved along."""

from __future__ import annotations

import _queue
import _thread
import gc
import queue
import threading
from typing import Any

from .. import rebuild

MODULE = None
NAME = "resources.locks"


def reduce_lock(_lock: Any, _saving: Any) -> Any:
    """Reduce a lock to a new, open one."""
    return rebuild.family, (NAME, "lock")


def reduce_rlock(_lock: Any, _saving: Any) -> Any:
    """Reduce a reentrant lock to a new, open one."""
    return rebuild.family, (NAME, "rlock")


def reduce_handle(_handle: Any, _saving: Any) -> Any:
    """Reduce the handle of a thread that never ran."""
    return rebuild.family, (NAME, "handle")


def handle() -> Any:
    """Give the handle of a thread that never ran."""
    return _thread._ThreadHandle()  # type: ignore[attr-defined]


def lock() -> Any:
    """Give an open lock."""
    return _thread.allocate_lock()


def rlock() -> Any:
    """Give an open reentrant lock."""
    return threading.RLock()


def reduce_simple_queue(items: Any, saving: Any) -> Any:
    """Reduce a SimpleQueue with what waits in it; taking it all out is harmless in a forked child."""
    waiting = []
    while not items.empty():
        waiting.append(items.get_nowait())
    for item in waiting:
        items.put(item)
    return rebuild.family, (NAME, "simple_queue"), waiting, None, None, fill_queue


def simple_queue() -> Any:
    """Give an empty SimpleQueue."""
    return queue.SimpleQueue()


def fill_queue(target: Any, items: list[Any]) -> None:
    """Put items into a queue."""
    for item in items:
        target.put(item)


def reduce_local(local: Any, _saving: Any) -> Any:
    """Reduce thread-local data to that of the thread which set any; the main thread's before others'."""
    values = dict(vars(local)) or _of_other_threads(local)
    return rebuild.empty, (_thread._local, type(local)), values, None, None, rebuild.update_dict


def _of_other_threads(local: Any) -> dict[str, Any]:
    dicts = [found for found in gc.get_referents(local) if type(found) is dict]
    inner = [value for found in dicts for value in found.values() if type(value) is dict and value]
    return dict(inner[0]) if inner else {}


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    handles = {_thread._ThreadHandle: reduce_handle} if hasattr(_thread, "_ThreadHandle") else {}
    return {
        **handles,
        _thread.LockType: reduce_lock,
        type(threading.RLock()): reduce_rlock,
        _queue.SimpleQueue: reduce_simple_queue,
    }


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {_thread._local: reduce_local}

"""Threads and pools: a pool comes back empty, a thread only if it never ran."""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from typing import Any

from .. import rebuild
from ..plans import reduce_attributes

MODULE = "threading"
NAME = "resources.threads"


def reduce_thread(thread: threading.Thread, saving: Any) -> Any:
    """Reduce a thread that has not begun; the kernel's main thread is a reference."""
    if thread is threading.main_thread():
        return threading.main_thread, ()
    if thread.is_alive() or thread.ident is not None:
        reason = "it was running" if thread.is_alive() or _parent_ran(thread) else "it has ended"
        return saving.lose(thread, reason)
    return reduce_attributes(thread, saving)


def _parent_ran(thread: threading.Thread) -> bool:
    """Tell whether a thread counted as running before the fork, after which only the forking thread is alive."""
    return bool(getattr(thread, "_started", None)) and not getattr(thread, "_is_stopped", False)


def reduce_pool(pool: Any, saving: Any) -> Any:
    """Reduce a thread pool to an empty one of the same kind."""
    if pool._work_queue.qsize():
        saving.changes("what waits in the thread pool is not kept")
    made = pool._create_worker_context() if hasattr(pool, "_create_worker_context") else None  # Python 3.14 and later
    beginning = (made.initializer, made.initargs) if made is not None else (pool._initializer, pool._initargs)
    return rebuild.family, (NAME, "pool", type(pool), pool._max_workers, pool._thread_name_prefix, *beginning)


def pool(kind: Any, *args: Any) -> Any:
    """Give a thread pool without threads."""
    return kind(*args)


def reduce_future(future: Any, saving: Any) -> Any:
    """Reduce a future that is done to its result."""
    if not future.done():
        return saving.lose(future, "it waits for a computation that cannot move")
    return rebuild.family, (NAME, "future", future._exception, future._result)


def future(exception: Any, result: Any) -> Any:
    """Give a future that is done."""
    made: Any = concurrent.futures.Future()
    if exception is not None:
        made.set_exception(exception)
    else:
        made.set_result(result)
    return made


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses, of the modules that are loaded."""
    found: dict[type, Any] = {threading.Thread: reduce_thread}
    pools = sys.modules.get("concurrent.futures.thread")
    if pools is not None:
        found[pools.ThreadPoolExecutor] = reduce_pool
    futures = sys.modules.get("concurrent.futures._base")
    if futures is not None:
        found[futures.Future] = reduce_future
    return found

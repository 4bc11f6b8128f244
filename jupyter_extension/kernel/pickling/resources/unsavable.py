"""Types that hold something of the operating system or of a running computation: each with the reason why it cannot move."""

from __future__ import annotations

import sys
import types
from typing import Any, Callable

MODULE = None

_REASONS = {
    "a computation that has begun cannot move": (
        "types:GeneratorType CoroutineType AsyncGeneratorType FrameType",
        "_asyncio:Task",
    ),
    "a connection ends with the machine": (
        "_socket:socket",
        "socket:socket",
        "ssl:SSLSocket SSLObject",
        "multiprocessing.connection:Connection",
        "select:epoll poll",
    ),
    "a process stays on its machine": (
        "subprocess:Popen",
        "multiprocessing.process:BaseProcess",
        "multiprocessing.pool:Pool",
        "multiprocessing.managers:BaseManager",
        "concurrent.futures.process:ProcessPoolExecutor",
    ),
    "a traceback holds the frames of a call": ("types:TracebackType",),
    "it is a handle of a C library": ("_cffi_backend:_CDataBase", "types:CapsuleType"),
    "the loop runs the kernel": ("asyncio.events:AbstractEventLoop", "asyncio.events:Handle"),
}


def _reducer(reason: str) -> Callable[[Any, Any], Any]:
    def reduce_lost(obj: Any, saving: Any) -> Any:
        return saving.lose(obj, reason)

    return reduce_lost


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses, of the modules that are loaded."""
    found: dict[type, Any] = {}
    for reason, places in _REASONS.items():
        reducer = _reducer(reason)
        for place in places:
            module, _, names = place.partition(":")
            for name in names.split():
                kind = getattr(sys.modules.get(module), name, None)
                if isinstance(kind, type):
                    found[kind] = reducer
    found[types.GeneratorType] = _reducer("a computation that has begun cannot move")
    return found

"""The threads in which blocks are hashed, compressed and encrypted, shared by all writers and readers of the process.

The libraries release the interpreter's lock for this work. There are few threads, whatever the machine has, because
the user's kernel comes first.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

MOST = 4
THREADS = min(MOST, len(os.sched_getaffinity(0)))
_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="snapshot")
_T = TypeVar("_T")


def in_thread(work: Callable[..., _T], *arguments: object) -> asyncio.Future[_T]:
    """Start `work(*arguments)` in one of the threads; the future belongs to the running loop."""
    return asyncio.get_running_loop().run_in_executor(_POOL, work, *arguments)

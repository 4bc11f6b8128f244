"""What a fork changes in the child, kept from before it.

The module `random` seeds its generator anew in every forked process, and the interpreter drops what other threads had in
`threading.local` objects; the child is forked by the agent's thread, so that the main thread is one of the others. For the same
reason the context variables of the cells are remembered after each: the agent's thread has others.
"""

from __future__ import annotations

import contextvars
import ctypes
import os
import sys
from typing import Any

_kept: dict[str, Any] = {}
_main_thread: dict[Any, Any] = {}


def _keep() -> None:
    random = sys.modules.get("random")
    _kept["random"] = random and random.getstate()
    _kept["pid"] = os.getpid()
    _kept["streams"] = _streams()
    _kept["held"] = list(_main_thread.values())


def _let_go() -> None:
    _kept["held"] = _kept["streams"] = None


def _streams() -> dict[str, Any]:
    return {"stdout": sys.stdout, "stderr": sys.stderr}


def keep_thread_locals() -> None:
    """Let the calling thread's data outlive it in forked children; called once, in the main thread."""
    global _main_thread  # noqa: PLW0603 - one main thread per process
    give = ctypes.pythonapi.PyThreadState_GetDict
    give.restype = ctypes.py_object
    _main_thread = give()


def remember_context() -> None:
    """Keep the context variables as they are now; called in the cells' context, after each. A copy costs nothing."""
    _kept["context"] = contextvars.copy_context()


def context_value(variable: contextvars.ContextVar[Any], otherwise: Any) -> Any:
    """Give what a context variable held after the last cell; `otherwise` if it was not set."""
    context = _kept.get("context")
    return variable.get(otherwise) if context is None else context.get(variable, otherwise)


def random_state() -> Any:
    """Give the state of `random` as the kernel has it, in the kernel itself or in a child forked from it; None if it was not imported."""
    if "pid" in _kept and _kept["pid"] != os.getpid():
        return _kept["random"]
    return sys.modules["random"].getstate()


def streams() -> dict[str, Any]:
    """Give the kernel's stdout and stderr, which its child has closed."""
    found: dict[str, Any] = _kept.get("streams") or _streams()
    return found


os.register_at_fork(before=_keep, after_in_parent=_let_go)

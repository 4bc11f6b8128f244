"""The way in: called by the silent request that the server sends to the kernel."""

from __future__ import annotations

from typing import Any

from .agent import Agent
from .pickling import beforefork

_agent: Agent | None = None


def start(path: str) -> str:
    """Start the agent on the socket `path`, unless it runs already; returns the path it listens on.

    RuntimeError if this is not an ipykernel.
    """
    global _agent  # noqa: PLW0603 - one agent per process
    if _agent is None:
        beforefork.keep_thread_locals()
        beforefork.remember_context()
        agent = Agent(_shell(), path)
        agent.start()
        _agent = agent
    return _agent.path


def apply() -> None:
    """Load the parts that the agent has received, here in the kernel's main thread."""
    if _agent is None:
        raise RuntimeError("the agent is not running")
    _agent.loader.apply()


def _shell() -> Any:
    from IPython import get_ipython  # noqa: PLC0415 - there is none in the server that shares this package

    shell = get_ipython()
    if shell is None or not hasattr(getattr(shell, "kernel", None), "post_handler_hook"):
        raise RuntimeError("this kernel is not an ipykernel")
    return shell

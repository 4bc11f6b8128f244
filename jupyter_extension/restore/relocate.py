"""Follows the session's folders to where they are here: another pod may have the home or the server's root elsewhere."""

from __future__ import annotations

from typing import Any

_IN_KERNEL = """\
def relocate(moved):
    import os, sys
    def new(path):
        for old, now in moved:
            if isinstance(path, str) and (path + "/").startswith(old + "/"):
                return now + path[len(old):]
        return path
    sys.path[:] = [new(path) for path in sys.path]
    target = new(os.getcwd())
    if os.path.isdir(target):
        os.chdir(target)
"""


def moved_roots(before: dict[str, str], now: dict[str, str]) -> list[tuple[str, str]]:
    """The pairs of former and present folders that differ, the longest first: a root may lie inside another."""
    pairs = [
        (old.rstrip("/"), now[name].rstrip("/")) for name, old in before.items() if name in now and now[name] != old
    ]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def relocated(path: str, moved: list[tuple[str, str]]) -> str:
    """Where this path is here."""
    for old, now in moved:
        if (path + "/").startswith(old + "/"):
            return now + path[len(old) :]
    return path


async def relocate_kernel(agent: Any, moved: list[tuple[str, str]], *, timeout: float) -> None:
    """Change the working folder and the import path of a kernel that was loaded from another pod's state."""
    if moved:
        run = f"(lambda scope: (exec({_IN_KERNEL!r}, scope), scope['relocate']({moved!r})))({{}})"
        await agent.evaluate(f"__import__('builtins').eval({run!r}, {{}}) and None", timeout=timeout)

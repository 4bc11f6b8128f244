"""Whether documents are edited through a room on the server (jupyter-collaboration and its kin) in place of saved by the page.

A room's connection does not survive the change of servers, and the page takes an edit for saved that it has sent to nobody. So the
page is told, and writes its edits itself before it is loaded again. And whether the server runs cells by itself: what is running then is in
no log of ours, and is not run again after a move.
"""

from __future__ import annotations

from typing import Any

ROOMS = ("jupyter_server_ydoc", "jupyter_server_documents")
RUNNERS = ("jupyter_server_nbmodel", "jupyter_server_documents")


def rooms_of(app: Any) -> str:
    """The server extension that keeps the documents of a ServerApp; empty if pages save by themselves."""
    return _enabled(app, ROOMS)


def runner_of(app: Any) -> str:
    """The server extension that runs the cells of a ServerApp's notebooks; empty if pages send them to their kernels."""
    return _enabled(app, RUNNERS)


def _enabled(app: Any, names: tuple[str, ...]) -> str:
    manager = getattr(app, "extension_manager", None)
    enabled = getattr(manager, "extensions", {})
    return next((name for name in names if name in enabled and enabled[name].enabled), "")

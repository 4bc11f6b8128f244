"""Opens terminals again: the same names and folders; what ran in them is named in the report."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from jupyter_extension.restore.relocate import relocated

CLOSED_TO_MOVE = 1012  # "service restart" (RFC 6455's registry): a page comes back by itself


def let_go_of_pages(terminal: Any) -> None:
    """Close a terminal's websockets first: a page that hears that the shell has ended closes the terminal's tab."""
    clients, terminal.clients = terminal.clients, []
    for client in clients:
        client.terminal = None  # or its on_close would look for itself among the clients
        client.close(CLOSED_TO_MOVE, "the session is being moved")


def reopen(
    manager: Any, terminals: list[dict[str, Any]], moved: list[tuple[str, str]], log: logging.Logger
) -> list[dict[str, Any]]:
    """Create those that aren't there; returns `[{"name", "lost"}]`."""
    if manager is None:
        return [{"name": t["name"], "lost": ["the terminal: this server has none"]} for t in terminals]
    rows = []
    for terminal in terminals:
        name, lost = str(terminal["name"]), list(terminal.get("lost") or [])
        if name not in manager.terminals:
            try:
                manager.create(name=name, **_folder(terminal, moved))
            except Exception as e:  # noqa: BLE001 - terminado raises what the shell's start raises
                log.warning("terminal %s could not be opened: %r", name, e)
                lost.append(f"the terminal itself: {e}")
        rows.append({"name": name, "lost": lost})
    return rows


def _folder(terminal: dict[str, Any], moved: list[tuple[str, str]]) -> dict[str, str]:
    cwd = terminal.get("cwd")
    here = relocated(cwd, moved) if isinstance(cwd, str) else ""
    return {"cwd": here} if here and Path(here).is_dir() else {}

"""What the server has open: kernels, sessions and terminals, as the manifest's body and the journal name them."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict

from jupyter_extension.processes import children
from jupyter_extension.record.watch import process_id

JsonDict = Dict[str, Any]


class Layout:
    """Reads the server's managers."""

    def __init__(self, managers: Any, sessions: Any, terminals: Callable[[], Any]) -> None:
        self._managers, self._sessions, self._terminals = managers, sessions, terminals

    def kernels(self) -> list[str]:
        """The ids of all kernels."""
        return [str(k) for k in self._managers.list_kernel_ids()]

    async def read(self) -> JsonDict:
        """`{"kernels": {id: {"name", "path"}}, "sessions": [...], "terminals": [...]}`."""
        rows = await self._sessions.list_sessions()
        sessions = [
            {"id": r["id"], "path": r["path"], "name": r["name"], "type": r["type"], "kernel": r["kernel"]["id"]}
            for r in rows
        ]
        paths = {s["kernel"]: s["path"] for s in reversed(sessions)}
        kernels = {k: {"name": self._managers.get_kernel(k).kernel_name, "path": paths.get(k)} for k in self.kernels()}
        return {"kernels": kernels, "sessions": sessions, "terminals": self.terminals()}

    def terminals(self) -> list[JsonDict]:
        """Name, folder, and the programs in the foreground, which a restore can't bring back."""
        found = getattr(self._terminals(), "terminals", None) or {}
        return [_terminal(name, t.ptyproc.pid) for name, t in found.items()]

    def processes(self) -> list[int]:
        """The process ids of kernels and terminals."""
        kernels = [process_id(self._managers.get_kernel(k)) for k in self.kernels()]
        shells = [t.ptyproc.pid for t in (getattr(self._terminals(), "terminals", None) or {}).values()]
        return [p for p in kernels if p is not None] + shells


def _terminal(name: str, pid: int) -> JsonDict:
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        cwd = None
    return {"name": str(name), "cwd": cwd, "lost": [c.name for c in children(pid)]}

"""A restored notebook's session is there under its former id, and led to its kernel where another extension runs its cells."""

from __future__ import annotations

import logging
from typing import Any

from jupyter_extension.restore.kernels import Kernels

ROW = {"id": "row", "path": "sub/a.ipynb", "name": "a.ipynb", "type": "notebook", "kernel": "k"}


class Managers(dict[str, str]):
    """One kernel."""

    def get_kernel(self, kernel: str) -> str:
        return self[kernel]


class Sessions:
    """Jupyter's own, as far as it matters here."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    async def list_sessions(self) -> list[dict[str, Any]]:
        return self.rows

    async def save_session(self, row: str, **about: Any) -> None:
        self.rows.append({"id": row, **about})


class Room:
    """A document that runs its cells itself."""

    def __init__(self, broken: bool) -> None:
        self.kernels: list[str] = []
        self.broken = broken

    async def connect_kernel(self, manager: str) -> None:
        if self.broken:
            raise RuntimeError("no file of that id")
        self.kernels.append(manager)


class WithRooms(Sessions):
    """As jupyter-server-documents has it."""

    def __init__(self, broken: bool = False) -> None:
        super().__init__()
        self.room, self.joined = Room(broken), [("", "")]

    def _init_session_yroom(self, session: str, path: str) -> Room:
        self.joined.append((session, path))
        return self.room


async def saved(sessions: Sessions) -> list[dict[str, Any]]:
    nothing: Any = None
    kernels = Kernels(Managers(k="manager"), sessions, nothing, nothing, nothing, {}, logging.getLogger())
    await kernels.save_row(ROW)
    await kernels.save_row(ROW)
    await kernels.save_row({**ROW, "id": "other", "kernel": "gone"})
    return sessions.rows


async def test_a_row_is_there_once_under_its_id() -> None:
    about = {"path": "sub/a.ipynb", "name": "a.ipynb", "type": "notebook", "kernel_id": "k"}
    assert await saved(Sessions()) == [{"id": "row", **about}]


async def test_a_document_that_runs_its_cells_is_led_to_its_kernel() -> None:
    sessions = WithRooms()
    await saved(sessions)
    assert sessions.joined[1:] == [("row", "sub/a.ipynb")]
    assert sessions.room.kernels == ["manager"]


async def test_a_document_that_cannot_be_keeps_its_session() -> None:
    assert [row["id"] for row in await saved(WithRooms(broken=True))] == ["row"]

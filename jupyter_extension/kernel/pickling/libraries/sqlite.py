"""SQLite connections: to a file, opened again; in memory, with their content."""

from __future__ import annotations

import ctypes
import re
import sqlite3
import threading
from typing import Any

from .. import rebuild

MODULE = "sqlite3"
NAME = "libraries.sqlite"
_SETTINGS = ("row_factory", "text_factory", "isolation_level")


def reduce_connection(connection: sqlite3.Connection, saving: Any) -> Any:
    """Reduce a connection."""
    same_thread = _adopt(connection)
    try:
        path = next(row[2] for row in _plain(connection, "PRAGMA database_list") if row[1] == "main")
    except sqlite3.ProgrammingError as error:
        return saving.lose(connection, str(error))
    settings = {name: getattr(connection, name) for name in _SETTINGS}
    if connection.in_transaction:
        saving.warn(
            f"{saving.root}: an open transaction of {path or 'a database in memory'} was "
            + ("rolled back" if path else "kept")
        )
    if path:
        return (
            rebuild.family,
            (NAME, "to_file", type(connection), same_thread, path),
            settings,
            None,
            None,
            set_connection,
        )
    return (
        rebuild.family,
        (NAME, "in_memory", type(connection), same_thread, _content(connection)),
        settings,
        None,
        None,
        set_connection,
    )


def _adopt(connection: sqlite3.Connection) -> bool:
    """Make a forked child's copy of a connection believe that it belongs to this thread; tell whether it cares about that.

    The check compares a number in the connection's struct, which is found by the value that the error message tells.
    """
    try:
        connection.total_changes  # noqa: B018 - the access is the check
        connection.cursor().close()
    except sqlite3.ProgrammingError as error:
        idents = [int(number) for number in re.findall(r"thread id (\d+)", str(error))]
        if not idents:
            return False
        words = (ctypes.c_ulong * (sqlite3.Connection.__basicsize__ // 8)).from_address(id(connection))
        for place, word in enumerate(words):
            if word == idents[0]:
                words[place] = threading.get_ident()
        return True
    return False


def _plain(connection: sqlite3.Connection, query: str) -> list[Any]:
    factory, connection.row_factory = connection.row_factory, None
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.row_factory = factory


def _content(connection: sqlite3.Connection) -> Any:
    if hasattr(connection, "serialize"):
        return connection.serialize()
    factory, connection.row_factory = connection.row_factory, None
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.row_factory = factory


def to_file(kind: Any, same_thread: bool, path: str) -> Any:
    """Give a connection to a file; a placeholder if it is not there."""
    try:
        return sqlite3.connect(f"file:{path}?mode=rw", uri=True, factory=kind, check_same_thread=same_thread)
    except sqlite3.OperationalError as error:
        return rebuild.loading().lose(f"connection to {path}", str(error))


def in_memory(kind: Any, same_thread: bool, content: Any) -> Any:
    """Give a connection to a database in memory with this content."""
    connection = sqlite3.connect(":memory:", factory=kind, check_same_thread=same_thread)
    if isinstance(content, str):
        connection.executescript(content)
    else:
        connection.deserialize(content)
    return connection


def set_connection(connection: Any, settings: dict[str, Any]) -> None:
    """Give a connection its settings."""
    if isinstance(connection, sqlite3.Connection):
        for name, value in settings.items():
            setattr(connection, name, value)


def reduce_cursor(cursor: sqlite3.Cursor, saving: Any) -> Any:
    """Reduce a cursor to a new one; rows that it had not given yet are lost."""
    saving.warn(f"{saving.root}: rows that a cursor had not given yet are gone; run its query again")
    return rebuild.family, (NAME, "cursor", cursor.connection, type(cursor))


def cursor(connection: Any, kind: Any) -> Any:
    """Give a cursor of a connection."""
    return connection.cursor(kind) if isinstance(connection, sqlite3.Connection) else connection


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {sqlite3.Connection: reduce_connection, sqlite3.Cursor: reduce_cursor}

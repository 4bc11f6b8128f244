"""SQLite connections: to a file, opened again; in memory, with their content."""

from __future__ import annotations

import ctypes
import os
import re
import sqlite3
import threading
from typing import Any

from .. import rebuild

MODULE = "sqlite3"
NAME = "libraries.sqlite"
_MOST_ROWS, _MOST_VALUES = 400, 900  # of one query, in every build of SQLite
_SETTINGS = ("row_factory", "text_factory", "isolation_level")


def reduce_connection(connection: sqlite3.Connection, saving: Any) -> Any:
    """Reduce a connection."""
    same_thread = _adopt(connection)
    try:
        path = next(row[2] for row in _plain(connection, "PRAGMA database_list") if row[1] == "main")
    except sqlite3.ProgrammingError as error:
        return saving.lose(connection, str(error))
    if not os.path.isabs(path):  # noqa: PTH117 - "" in memory, and "x" there where it was filled by `deserialize`
        path = ""
    settings = {name: getattr(connection, name) for name in _SETTINGS}
    if connection.in_transaction:
        saving.changes(
            f"an open transaction of {path} is not kept" if path else "an open transaction is taken to be done"
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
        return connection.serialize() if _plain(connection, "PRAGMA page_count")[0][0] else b""
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
    elif content:
        connection.deserialize(content)
    return connection


def set_connection(connection: Any, settings: dict[str, Any]) -> None:
    """Give a connection its settings."""
    if isinstance(connection, sqlite3.Connection):
        for name, value in settings.items():
            setattr(connection, name, value)


def reduce_cursor(cursor: sqlite3.Cursor, saving: Any) -> Any:
    """Reduce a cursor to a new one, with the rows that it had not given yet if they are few."""
    names = [column[0] for column in cursor.description or ()]
    factory = cursor.row_factory
    _, rows = saving.files.get(id(cursor)) or (cursor, _rows(cursor) if names else [])
    saving.files[id(cursor)] = (cursor, rows)  # variables may be pickled twice, and the rows are taken once
    if len(rows) > _MOST_ROWS or len(names) * len(rows) > _MOST_VALUES:
        return saving.lose(cursor, "it has many rows that it had not given yet; run its query again")
    pending = (names, rows) if rows else None
    return rebuild.family, (NAME, "cursor", cursor.connection, type(cursor), pending), factory, None, None, set_rows


def _rows(cursor: sqlite3.Cursor) -> list[Any]:
    """Give the rows that the forked child's copy of a cursor has not given yet, and one more than are wanted at most."""
    _adopt(cursor.connection)
    factory, cursor.row_factory = cursor.row_factory, None
    try:
        return cursor.fetchmany(_MOST_ROWS + 1)
    finally:
        cursor.row_factory = factory


def cursor(connection: Any, kind: Any, pending: Any = None) -> Any:
    """Give a cursor of a connection, about to give the pending rows: (names of columns, rows)."""
    if not isinstance(connection, sqlite3.Connection):
        return connection
    made = connection.cursor(kind)
    if pending:
        names, rows = pending
        quoted = ", ".join('? AS "' + name.replace('"', '""') + '"' for name in names)
        query = " UNION ALL ".join([f"SELECT {quoted}"] * len(rows))
        made.execute(query, [value for row in rows for value in row])
    return made


def set_rows(target: Any, factory: Any) -> None:
    """Tell a cursor how to make its rows."""
    if isinstance(target, sqlite3.Cursor):
        target.row_factory = factory


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {sqlite3.Connection: reduce_connection, sqlite3.Cursor: reduce_cursor}

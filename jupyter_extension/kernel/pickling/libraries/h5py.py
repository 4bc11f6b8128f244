"""Files of h5py: one in memory moves with its content, one open for reading is opened again; one open for writing cannot be."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from .. import rebuild

MODULE = "h5py"
NAME = "libraries.h5py"


def reduce_file(file: Any, saving: Any) -> Any:
    """Reduce a file."""
    if not file:
        return rebuild.family, (NAME, "closed")
    if file.driver == "core" and not os.path.exists(file.filename):  # noqa: PTH110 - a name as the user gave it
        file.flush()
        return rebuild.family, (NAME, "in_memory", bytes(file.id.get_file_image()))
    if file.mode != "r":
        return saving.lose(file, "it is open for writing; close it, and open it again after the move")
    return rebuild.family, (NAME, "reopen", os.path.abspath(file.filename), file.driver)  # noqa: PTH100 - as above


def in_memory(content: bytes) -> Any:
    """Give a file in memory with this content."""
    return sys.modules["h5py"].File(io.BytesIO(content), "r+")


def reopen(path: str, driver: str) -> Any:
    """Open a file for reading; a placeholder if it is not there."""
    try:
        return sys.modules["h5py"].File(path, "r", driver=None if driver in ("sec2", "fileobj") else driver)
    except OSError as error:
        return rebuild.loading().lose(f"file {path}", f"it cannot be opened: {error}")


def closed() -> Any:
    """Give a closed file."""
    file = sys.modules["h5py"].File(io.BytesIO(), "w")
    file.close()
    return file


def reduce_object(obj: Any, saving: Any) -> Any:
    """Reduce a dataset or a group to its file and name."""
    if not obj or obj.name is None:
        return saving.lose(obj, "its file is closed, or it has no name in its file")
    file = obj.file
    known = saving.files.setdefault(("h5py", file.id.id), file)  # each `.file` is another object for the same file
    return rebuild.family, (NAME, "inside", known, obj.name)


def inside(file: Any, name: str) -> Any:
    """Give what a file holds under a name."""
    return file[name] if file is not None else None


def inherited(h5py: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {h5py.Group: reduce_object, h5py.Dataset: reduce_object, h5py.File: reduce_file}

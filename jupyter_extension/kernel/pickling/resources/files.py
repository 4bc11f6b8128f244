"""Open files: opened again at their place if the file is there and unchanged; a temporary file moves with its content.

What the program has written but the operating system has not seen yet is in a buffer of the interpreter. To read it, the forked child
puts an empty file in memory behind the file's descriptor and flushes into that: the real file is not touched.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from .. import rebuild
from .streams import standard_stream

MODULE = None
NAME = "resources.files"
_MOST_CONTENT = 256 << 20  # bytes of a temporary file


class Found(NamedTuple):
    """A file as it was when the session was saved."""

    path: str
    size: int
    changed_ns: int
    content: bytes | None  # of a file that nobody else can have: a temporary one


def reduce_file(file: Any, saving: Any) -> Any:
    """Reduce a file object of any layer: raw, buffered or text."""
    stream = standard_stream(file)
    if stream is not None:
        return stream
    if file.closed:
        return rebuild.family, (NAME, "closed", type(file), _form(file))
    raw = _raw(file)
    if type(raw) is not io.FileIO:
        return _reduce_layer(file, saving)
    known = saving.files.get(id(raw))
    if known is not None:  # flushing it twice would lose what was pending
        first, reduction = known
        same = file is first or not isinstance(first, io.TextIOWrapper)
        return reduction if same else (rebuild.attribute, (first, "buffer" if file is first.buffer else "buffer.raw"))
    reduction = _reduce_open(file, raw, saving)
    saving.files[id(raw)] = (file, reduction)
    return reduction


def _reduce_open(file: Any, raw: Any, saving: Any) -> Any:
    found = _find(raw)
    if found is None:
        return saving.lose(file, "it is no regular file: a pipe, a socket or a terminal stays on its machine")
    if file.writable() and file.readable() and _dirty(file):
        saving.changes(f"what was written to {found.path} but not flushed may be missing")
    position, pending = _position(file, raw)
    return rebuild.family, (NAME, "reopen", type(file), _form(file), tuple(found), position, pending)


def _raw(file: Any) -> Any:
    while True:
        inner = getattr(file, "buffer", None) if isinstance(file, io.TextIOBase) else getattr(file, "raw", None)
        if inner is None:
            return file
        file = inner


def _form(file: Any) -> dict[str, Any]:
    raw = None if file.closed else _raw(file)
    form: dict[str, Any] = {"mode": getattr(raw, "mode", None), "name": getattr(file, "name", None)}
    if isinstance(file, io.TextIOWrapper):
        form.update(encoding=file.encoding, errors=file.errors, line_buffering=file.line_buffering)
        form["shown_mode"] = getattr(file, "mode", None)
    return form


def _find(raw: Any) -> Found | None:
    import stat  # noqa: PLC0415 - loaded by os

    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode):
        return None
    path = os.readlink(f"/proc/self/fd/{raw.fileno()}")
    temporary = status.st_nlink == 0 or path.startswith(tempfile.gettempdir() + os.sep)
    content = (
        os.pread(raw.fileno(), status.st_size, 0)
        if temporary and raw.readable() and status.st_size <= _MOST_CONTENT
        else None
    )
    if temporary and content is None and status.st_size <= _MOST_CONTENT:
        content = _content_of(path)
    return Found(path, status.st_size, status.st_mtime_ns, content)


def _content_of(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path as the operating system gave it
            return file.read()
    except OSError:
        return None


def _dirty(file: Any) -> bool:
    return isinstance(file, (io.BufferedRandom, io.TextIOWrapper))


def _position(file: Any, raw: Any) -> tuple[int, bytes]:
    """Give the position (as of `tell`) and the bytes that wait to be written there."""
    if not file.writable():
        return _reading_position(file, raw), b""
    if type(file) is io.FileIO:
        return file.tell(), b""
    handle = raw.fileno()
    start = os.lseek(handle, 0, os.SEEK_CUR)
    scratch, keep = os.memfd_create("pending"), os.dup(handle)
    try:
        os.lseek(scratch, start, os.SEEK_SET)
        os.dup2(scratch, handle)
        file.flush()
        end = os.lseek(scratch, 0, os.SEEK_CUR)
        pending = os.pread(scratch, end - start, start) if end > start else b""
        return start if pending or not file.readable() else end, pending
    finally:
        os.dup2(keep, handle)
        os.close(keep)
        os.close(scratch)


def _reading_position(file: Any, raw: Any) -> int:
    try:
        position: int = file.tell()
    except OSError:  # a `for` loop over its lines is under way: count what has not been read yet
        handle, keep = os.open(f"/proc/self/fd/{raw.fileno()}", os.O_RDONLY), os.dup(raw.fileno())
        os.lseek(handle, os.lseek(raw.fileno(), 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(handle, raw.fileno())
        rest = file.read()
        os.dup2(keep, raw.fileno())
        os.close(keep)
        os.close(handle)
        return os.fstat(raw.fileno()).st_size - len(rest.encode(file.encoding, file.errors))
    return position


def _reduce_layer(file: Any, saving: Any) -> Any:
    """Reduce a text or buffered layer over something that is no file of the operating system."""
    inner = getattr(file, "buffer", None) if isinstance(file, io.TextIOBase) else getattr(file, "raw", None)
    if inner is None:
        return saving.lose(file, "it is no regular file")
    position = file.tell()
    return rebuild.family, (NAME, "layer", type(file), inner, _form(file)), position, None, None, seek


def layer(kind: Any, inner: Any, form: dict[str, Any]) -> Any:
    """Give a text or buffered layer."""
    if issubclass(kind, io.TextIOWrapper):
        return kind(inner, encoding=form["encoding"], errors=form["errors"], line_buffering=form["line_buffering"])
    return kind(inner)


def seek(file: Any, position: int) -> None:
    """Put a file to a position."""
    file.seek(position)


def closed(kind: Any, form: dict[str, Any]) -> Any:
    """Give a closed file of this kind."""
    raw: Any = io.FileIO(os.devnull, "r+")
    raw.name = form["name"]
    file = _wrap(kind, raw, {"line_buffering": False, **form, "mode": "r" if kind is io.BufferedReader else "w"})
    file.close()
    return file


def reopen(kind: Any, form: dict[str, Any], was: tuple[Any, ...], position: int, pending: bytes) -> Any:
    """Open a file again; a placeholder if it is gone or has changed."""
    found = Found(*was)
    there = Path(found.path).exists()
    problem = _restore_temporary(found) if found.content is not None and not there else _unlike(found)
    if problem:
        return rebuild.loading().lose(f"file {found.path}", problem)
    path = found.path.replace(" (deleted)", "")
    raw: Any = io.FileIO(path, form["mode"], opener=_open_as_it_is)
    if found.path.endswith(" (deleted)"):
        os.unlink(path)  # noqa: PTH108 - a path as the operating system gave it
    file = _wrap(kind, raw, form)
    file.seek(position)
    if pending:
        getattr(file, "buffer", file).write(pending)
    return file


def _open_as_it_is(path: str, flags: int) -> int:
    return os.open(path, flags & ~(os.O_TRUNC | os.O_EXCL | os.O_CREAT))


def _unlike(found: Found) -> str | None:
    try:
        status = Path(found.path).stat()
    except OSError as error:
        return f"it is not there: {error.strerror}"
    if status.st_size != found.size or abs(status.st_mtime_ns - found.changed_ns) > 2_000_000_000:
        return "it has changed since the session was saved"
    return None


def _restore_temporary(found: Found) -> str | None:
    path = found.path.replace(" (deleted)", "")
    try:
        if found.path != path or not Path(path).exists():
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - paths as they were
            with open(path, "wb") as file:  # noqa: PTH123 - a path as the operating system gave it
                file.write(found.content or b"")
    except OSError as error:
        return f"its content could not be written again: {error.strerror}"
    return None


def _wrap(kind: Any, raw: Any, form: dict[str, Any]) -> Any:
    if issubclass(kind, io.FileIO):
        return raw
    if not issubclass(kind, io.TextIOWrapper):
        return kind(raw)
    mode = form["mode"]
    buffered: Any = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
    text = kind(buffered(raw), encoding=form["encoding"], errors=form["errors"], line_buffering=form["line_buffering"])
    if form.get("shown_mode"):
        text.mode = form["shown_mode"]
    return text


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    kinds = (io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper)
    return dict.fromkeys(kinds, reduce_file)

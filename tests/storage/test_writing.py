"""Files are the same whether they were written by way of the page cache or past it."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

import pytest

from migrator.storage import writing
from migrator.storage.writing import ALIGNED, LARGE, SyncedWriter

LENGTH = LARGE + 2 * ALIGNED + 123


def pages(length: int = LENGTH) -> memoryview:
    """Random bytes that begin on a page."""
    memory = mmap.mmap(-1, length)
    memory[:] = os.urandom(length)
    return memoryview(memory)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each file opened: whether past the cache."""
    found: list[bool] = []
    real = os.open

    def noted(path: object, flags: int, *args: object, **others: object) -> int:
        found.append(bool(flags & os.O_DIRECT))
        return real(path, flags, *args, **others)

    monkeypatch.setattr(writing.os, "open", noted)
    return found


def test_dear_writes_are_followed_by_some_past_the_cache(
    tmp_path: Path, opened: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "DEAR", -1.0)
    monkeypatch.setattr(writing, "FOR_A_WHILE", 2)
    writer, data = SyncedWriter(), pages()
    for number in range(4):
        writer.write(tmp_path / str(number), data)
        assert (tmp_path / str(number)).read_bytes() == data
    assert opened == [False, True, False, True, False, False]  # past the cache the odd end goes another way


def test_cheap_writes_go_through_the_cache(tmp_path: Path, opened: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DEAR", 1e9)
    writer = SyncedWriter()
    for number in range(3):
        writer.write(tmp_path / str(number), pages())
    assert opened == [False] * 3


@pytest.mark.parametrize("data", [b"small", bytes(LENGTH), pages()[1:]], ids=["small", "read only", "off a page"])
def test_what_cannot_go_past_the_cache_does_not(
    tmp_path: Path, opened: list[bool], monkeypatch: pytest.MonkeyPatch, data: bytes | memoryview
) -> None:
    monkeypatch.setattr(writing, "DEAR", -1.0)
    writer = SyncedWriter()
    writer.write(tmp_path / "first", pages())
    writer.write(tmp_path / "second", data)
    assert (tmp_path / "second").read_bytes() == data
    assert opened == [False, False]


def test_a_file_system_that_cannot_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DEAR", -1.0)
    real, asked = os.open, []

    def refusing(path: object, flags: int, *args: object, **others: object) -> int:
        if flags & os.O_DIRECT:
            asked.append(path)
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(path, flags, *args, **others)

    monkeypatch.setattr(writing.os, "open", refusing)
    writer, data = SyncedWriter(), pages()
    for number in range(3):
        writer.write(tmp_path / str(number), data)
        assert (tmp_path / str(number)).read_bytes() == data
    assert len(asked) == 1


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DEAR", -1.0)
    writer, data = SyncedWriter(), pages()
    writer.write(tmp_path / "first", data)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        writer.write(tmp_path / "second", data)

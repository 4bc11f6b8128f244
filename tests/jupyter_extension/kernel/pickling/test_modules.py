"""Which of the user's modules are as their files are."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_extension.kernel.pickling import modules

FIRST = "def f():\n    return 1\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a module that can be imported by the name `of_the_session`."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "of_the_session.py"
    sys.modules.pop("of_the_session", None)


def imported(file: Path, age: float) -> types.ModuleType:
    """Write the file as if `age` seconds ago, and import it, with bytecode beside it."""
    file.write_text(FIRST)
    os.utime(file, (time.time() - age,) * 2)
    importlib.invalidate_caches()
    py_compile.compile(str(file), doraise=True)
    return importlib.import_module(file.stem)


def found(module: types.ModuleType) -> bool:
    """Whether it is among the edited ones."""
    return module in modules.edited()


@pytest.mark.parametrize("age", [0.0, 100.0])
def test_a_file_that_was_edited_is_found(file: Path, age: float) -> None:
    """Even if it was in the second of its import, and is as long as before: then the bytecode does not tell."""
    module = imported(file, age)
    assert not found(module)
    before = file.stat()
    file.write_text(FIRST.replace("1", "2"))
    if age == 0:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(module)
    file.write_text(FIRST)
    assert not found(module)


def test_a_file_that_is_gone_counts_as_edited(file: Path) -> None:
    module = imported(file, 0)
    file.unlink()
    assert found(module)


def test_nothing_is_compiled_that_an_import_has_compiled(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = imported(file, 100)
    monkeypatch.setattr(modules, "compile", None, raising=False)
    monkeypatch.setattr(modules._Reader, "source_to_code", None)
    assert not modules._differs(module)


@pytest.mark.parametrize("rest", [b"", b"?", b"N" * 50, b"\xe3"])
def test_damaged_bytecode_is_not_asked(file: Path, rest: bytes) -> None:
    module = imported(file, 100)
    kept = Path(importlib.util.cache_from_source(str(file)))
    kept.write_bytes(kept.read_bytes()[:16] + rest)
    assert not modules._differs(module)


def test_no_bytecode_is_left_in_a_folder_of_the_users(file: Path) -> None:
    module = imported(file, 100)
    kept = Path(importlib.util.cache_from_source(str(file)))
    os.utime(file)  # touched only: the bytecode is of no use any more
    before = kept.read_bytes()
    os.utime(kept, (time.time() + 100,) * 2)
    assert not found(module)
    assert kept.read_bytes() == before

"""A container's memory, as control groups of both versions tell it; a container's folder is given to them here."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_extension.kernel.cgroup import Memory, leaves, memory

GB = 1 << 30
NAMES = {
    2: ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    1: ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
}


def container(root: Path, version: int, limit: str, used: int, cache: int) -> Path:
    most, current, stat, name = NAMES[version]
    (root / most).parent.mkdir(exist_ok=True)
    (root / most).write_text(f"{limit}\n")
    (root / current).write_text(f"{used}\n")
    (root / stat).write_text(f"anon 1\n{name} {cache}\nother 2\n")
    return root


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_read_long_ago_does_not_count_as_used(tmp_path, version):
    assert memory(container(tmp_path, version, str(2 * GB), GB, GB // 4)) == Memory(2 * GB, GB - GB // 4)


@pytest.mark.parametrize(("version", "limit"), [(2, "max"), (1, str((1 << 63) - 4096))])
def test_without_a_limit_there_is_nothing_to_say(tmp_path, version, limit):
    assert memory(container(tmp_path, version, limit, GB, 0)) is None


def test_where_nobody_says_anything_there_is_no_limit(tmp_path):
    assert memory(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory(tmp_path) is None, "a limit alone is of no use"


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_read_long_ago_can_be_had(tmp_path, version):
    root = container(tmp_path, version, str(2 * GB), 2 * GB - 1000, GB)
    assert leaves(GB, root)
    assert not leaves(GB + 1000, root)


def test_without_a_limit_the_machine_decides(tmp_path):
    assert leaves(1, tmp_path)
    assert not leaves(1 << 60, tmp_path)

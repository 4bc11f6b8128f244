"""Node where the machine has none: it comes from a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.demo.nodejs import find_node


@pytest.mark.parametrize(("version", "taken"), [("v20.0.0", True), ("v18.19.0", False), ("nonsense", False)])
def test_the_paths_own_node_is_taken_if_it_is_new_enough(
    version: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/sbin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (find_node() == tmp_path / "node") is taken


@pytest.mark.parametrize("path", ["/usr/sbin", str(Path(sys.executable).parent)])
def test_without_a_node_on_the_path_there_is_one_with_an_npm_that_works(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the scripts that the wheel put beside our interpreter are on it: these are no Node."""
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    node = find_node()
    assert find_node() == node
    assert node.read_bytes()[:4] == b"\x7fELF"
    environment = {**os.environ, "PATH": f"{node.parent}:/usr/bin:/bin"}
    for name in ("node", "npm", "npx"):
        done = subprocess.run(
            [node.parent / name, "--version"], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().lstrip("v").partition(".")[0].isdigit()

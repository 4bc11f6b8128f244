from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.snapshot.golden import make

GOLDEN = Path(make.__file__).with_name("v1")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(make.SECRET + b"\n")
    (tmp_path / "key").write_text(make.KEY.hex())
    return Path(shutil.copytree(GOLDEN, tmp_path / "store"))


def check(store: Path, *more: str, key: str = "secret") -> subprocess.CompletedProcess:
    program = (
        "import argparse, sys; from migrator.commands import check; from migrator.commands.errors import CommandError\n"
        "parser = argparse.ArgumentParser(); check.add_parser(parser.add_subparsers())\n"
        "try: sys.exit(check.run(parser.parse_args(['check', *sys.argv[1:]])))\n"
        "except CommandError as error: sys.exit(f'migrator check: {error}')"
    )
    arguments = ["--store", f"file://{store}", "--key-file", str(store.parent / key), *more]
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("key", ["secret", "key"])
def test_a_whole_store(store: Path, key: str):
    done = check(store, key=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 sessions, 2 whole snapshots, 0 packs to collect, 0 faults\n"


def test_a_line_for_each_fault(store: Path):
    pack = next((store / "sessions" / make.SESSION / "packs").iterdir())
    pack.write_bytes(pack.read_bytes()[:-3])
    done = check(store)
    assert done.returncode == 1
    assert f"sessions/{make.SESSION}/packs/{pack.name}: " in done.stdout
    assert "is cut off" in done.stdout
    assert "needs block" in done.stdout


def test_json(store: Path):
    (store / "sessions" / make.SESSION / "journal/00000001-00000001").unlink()
    (store / "sessions" / make.SESSION / "journal/00000001-00000002").write_bytes(b"")
    done = check(store, "--json", "--session", make.SESSION)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["summary"] == {"sessions": 1, "snapshots": 2, "garbage": 0, "faults": 1}
    assert answer["faults"][0]["key"] == "journal/00000001-00000002"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--session", "../x"], "is no session id"), (["--store", "http://x"], "is no store"),
     (["--key-file", "/nowhere/key"], "No such file")],
)  # fmt: skip
def test_bad_input_is_one_clear_line(store: Path, arguments: list[str], message: str):
    done = check(store, *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1

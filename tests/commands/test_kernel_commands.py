"""`migrator snapshot` and `migrator restore` as other tools run them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.kernels import LiveKernel

FIELDS = {"snapshot", "saved", "lost", "changed", "bytes_written", "bytes_state", "pause_s", "seconds"}


@dataclass
class Desk:
    """Two kernels, a store and a key."""

    folder: Path
    kernel: LiveKernel
    fresh: LiveKernel

    @property
    def store(self) -> Path:
        return self.folder / "store"

    async def migrator(
        self, command: str, *arguments: str, kernel: LiveKernel | None = None, **options: str
    ) -> tuple[int, str, str]:
        """Run a command: exit code, stdout, stderr."""
        options = {"store": f"file://{self.store}", "key_file": str(self.folder / "key"), **options}
        options.setdefault("connection_file", (kernel or self.kernel).connection_file)
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("migrator")),
            command,
            *arguments,
            *words,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    async def snapshot(self, **options: str) -> dict[str, Any]:
        """Save the kernel; the printed JSON."""
        code, out, err = await self.migrator("snapshot", "--json", **options)
        assert code == 0, err
        result = json.loads(out)
        assert set(result) == FIELDS
        return dict(result)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    kernel = await LiveKernel.start(tmp_path)
    fresh = await LiveKernel.start(tmp_path, name="fresh")
    yield Desk(tmp_path, kernel, fresh)
    await kernel.close()
    await fresh.close()


async def test_a_kernel_is_saved_and_restored(desk: Desk) -> None:
    await desk.kernel.run("import os; blob = os.urandom(5 << 20); x = [1]; y = x; gen = (i for i in x)")
    first = await desk.snapshot()
    assert set(first["saved"]) >= {"blob", "x", "y"}
    assert [loss["name"] for loss in first["lost"]] == ["gen"]
    assert first["bytes_written"] > 5 << 20 < first["bytes_state"]
    assert 0 < first["pause_s"] < first["seconds"]
    await desk.kernel.run("x.append(2)")
    second = await desk.snapshot()
    assert second["bytes_written"] < 64 << 10
    code, out, err = await desk.migrator("restore", second["snapshot"], "--json", kernel=desk.fresh)
    assert code == 0, err
    assert set(json.loads(out)) == FIELDS
    assert await desk.fresh.value("(x, x is y, len(blob))") == ([1, 2], True, 5 << 20)


async def test_a_corrupt_snapshot_gives_way_to_the_one_before(desk: Desk) -> None:
    await desk.kernel.run("x = 1")
    first = await desk.snapshot()
    await desk.kernel.run("x = 2")
    second = await desk.snapshot()
    manifest = next(desk.store.glob(f"sessions/*/manifests/{second['snapshot']}"))
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"!")
    code, out, err = await desk.migrator("restore", second["snapshot"], "--json", kernel=desk.fresh)
    assert code == 0, err
    assert json.loads(out)["snapshot"] == first["snapshot"]
    assert "corrupt" in json.loads(out)["fallback"]
    assert first["snapshot"] in err
    assert await desk.fresh.value("x") == 1
    for broken in desk.store.glob("sessions/*/manifests/*"):
        broken.write_bytes(b"nonsense")
    code, _, err = await desk.migrator("restore", second["snapshot"], kernel=desk.fresh)
    assert (code, "no older snapshot" in err) == (9, True)


async def test_people_get_lines(desk: Desk) -> None:
    await desk.kernel.run("x = 1; gen = (i for i in [1])")
    code, out, err = await desk.migrator("snapshot")
    assert code == 0, err
    first, second, third = out.splitlines()
    assert len(first) == 32
    assert "paused" in second
    assert third.startswith("  lost: gen: ")


async def test_each_fault_has_its_message_and_code(desk: Desk) -> None:
    saved = await desk.snapshot()
    (desk.folder / "other").write_bytes(bytes(32))
    none = str(desk.folder / "none")
    desk.fresh.process.kill()
    cases: list[tuple[int, str, tuple[str, ...], dict[str, str]]] = [
        (2, "no key file", ("snapshot",), {"key_file": none}),
        (2, "is no store", ("snapshot",), {"store": "ftp://x"}),
        (2, "no snapshot id", ("restore", "latest"), {}),
        (2, "no session id", ("snapshot",), {"session": "../x"}),
        (3, "no connection file", ("snapshot",), {"connection_file": none}),
        (3, "no kernel answers", ("snapshot",), {"connection_file": desk.fresh.connection_file}),
        (8, "another key", ("restore", saved["snapshot"]), {"key_file": str(desk.folder / "other")}),
        (10, "no snapshot", ("restore", "0" * 32), {}),
        (11, "check the owner and mode", ("snapshot",), {"store": "file:///proc/none"}),
        (11, "check the owner and mode", ("snapshot",), {"store": f"file://{desk.folder}/key/below-a-file"}),
    ]
    for code, words, (command, *arguments), options in cases:
        found, out, err = await desk.migrator(command, *arguments, **options)
        assert (found, out) == (code, ""), err
        assert words in err
        assert err.count("\n") == 1

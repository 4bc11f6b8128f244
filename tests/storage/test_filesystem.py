from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.storage import Conflict, Denied, NotFound, StoreFull, open_store
from migrator.storage.filesystem import STALE_S, FilesystemStore

COUNTER = """
import asyncio, sys
from migrator.storage import Conflict, open_store

async def main():
    store = open_store(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        while True:
            value, etag = await store.get_with_etag("record")
            try:
                await store.put("record", b"%d" % (int(value) + 1), if_match=etag)
            except Conflict:
                continue
            break
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
async def store(tmp_path: Path):
    opened = FilesystemStore(tmp_path / "store")
    yield opened
    await opened.close()


async def test_compare_and_swap_holds_between_processes(store: FilesystemStore, tmp_path: Path):
    await store.put("record", b"0")
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", COUNTER, f"file://{tmp_path}/store", "25")
        for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert await store.get("record") == b"75"


async def test_an_etag_never_comes_back(store: FilesystemStore):
    etags = [await store.put("record", b"same") for _ in range(200)]
    await store.delete("record")
    etags.append(await store.put("record", b"same"))
    assert len(set(etags)) == 201


async def test_nothing_but_whole_objects_is_left(store: FilesystemStore, tmp_path: Path):
    await store.put("packs/a", b"x")
    with pytest.raises(Conflict):
        await store.put("packs/a", b"y", if_absent=True)
    assert list((tmp_path / "store/.tmp").iterdir()) == []
    assert [path.name for path in (tmp_path / "store/packs").iterdir()] == ["a"]


async def test_what_a_killed_writer_left_is_cleared_away_later(store: FilesystemStore, tmp_path: Path):
    folder = tmp_path / "store/.tmp"
    folder.mkdir(parents=True)
    for name, age in (("old", STALE_S + 60), ("young", 60)):
        (folder / name).write_bytes(b"part of an object")
        os.utime(folder / name, (time.time() - age,) * 2)
    await store.put("packs/a", b"x")
    assert [path.name for path in folder.iterdir()] == ["young"]
    assert [info.key async for info in store.list("")] == ["packs/a"]


async def test_a_folder_is_no_object(store: FilesystemStore):
    await store.put("packs/a", b"x")
    for call in (store.get, store.head):
        with pytest.raises(NotFound):
            await call("packs")
    with pytest.raises(NotFound):
        await store.get("packs/a/b")
    await store.delete("packs")
    assert await store.get("packs/a") == b"x"


async def test_files_are_for_the_owner_only(store: FilesystemStore, tmp_path: Path):
    await store.put("sessions/a/record", b"x")
    assert (tmp_path / "store/sessions/a/record").stat().st_mode & 0o077 == 0
    assert (tmp_path / "store/sessions/a").stat().st_mode & 0o077 == 0


async def test_a_store_that_does_not_exist_yet_is_empty(store: FilesystemStore):
    assert [info async for info in store.list("sessions/")] == []
    await store.delete("packs/a")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk(small_disk: Path):
    store = FilesystemStore(small_disk / "store")
    await store.put("packs/a", bytes(400_000))
    with pytest.raises(StoreFull, match="packs/b: No space left on device; make room"):
        await store.put("packs/b", bytes(1_000_000))
    assert await store.get("packs/a") == bytes(400_000)
    assert list((small_disk / "store/.tmp").iterdir()) == []
    await store.put("packs/b", b"fits")
    await store.close()


async def test_a_file_size_limit(store: FilesystemStore, monkeypatch: pytest.MonkeyPatch):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, limits[1]))
        with pytest.raises(StoreFull, match="File too large"):
            await store.put("packs/a", bytes(2**21))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert [info async for info in store.list("")] == []


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "forbidden"
    folder.mkdir(mode=0o500)
    if os.getuid():
        yield folder
        return
    if subprocess.run(["chattr", "+i", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and this filesystem has no immutable flag")
    yield folder
    subprocess.run(["chattr", "-i", str(folder)], check=True)


async def test_a_folder_of_somebody_else(forbidden: Path):
    store = open_store(f"file://{forbidden}/store")
    with pytest.raises(Denied, match="check the owner and mode"):
        await store.put("packs/a", b"x")
    await store.close()

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_extension.errors import BadName
from jupyter_extension.settings import DEFAULT_EXCLUDES
from jupyter_extension.workspace import Workspace
from jupyter_extension.workspace.names import SafeFolder, checked, from_text, glob_pattern, to_text
from jupyter_extension.workspace.save import within_budget
from jupyter_extension.workspace.scan import Found
from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import open_store, prefixed

SESSION = "s-0123456789"
KEYS = SessionKeys(bytes(range(32)))


class Pod:
    """A workspace over a folder, and the store that all pods share."""

    def __init__(self, folder: Path, store: Any, **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.store = folder, store
        defaults = {"excludes": ["**/.cache", "**/.~*"], "budget": 10_000_000, "limit": 5_000_000}
        self.workspace = Workspace(
            {"server": str(folder)}, baseline_path=folder.parent / f"{folder.name}.base", **{**defaults, **options}
        )
        self.base: Manifest | None = None

    async def save(self) -> dict[str, Any]:
        writer = SnapshotWriter(self.store, KEYS, SESSION, epoch=1, base=self.base)
        files = await self.workspace.save(writer, self.base)
        self.base = await writer.commit({"files": files})
        self.written = writer.bytes_written
        return files

    async def restore(self, manifest: Manifest) -> list[dict[str, str]]:
        reader = await open_snapshot(self.store, KEYS, SESSION, manifest.snapshot)
        problems = await self.workspace.restore(reader, reader.manifest.body["files"])
        self.base = reader.manifest
        return problems


@pytest.fixture
async def pods(tmp_path: Path) -> tuple[Pod, Pod]:
    store = prefixed(open_store(f"file://{tmp_path}/store"), f"sessions/{SESSION}/")
    a, b = Pod(tmp_path / "a", store), Pod(tmp_path / "b", store)
    for pod in (a, b):
        (pod.folder / "image.txt").write_text("from the image")
        (pod.folder / "gone.txt").write_text("will be deleted")
        await pod.workspace.start()
    return a, b


async def test_everything_that_differs_arrives_and_nothing_else_travels(pods: tuple[Pod, Pod]) -> None:
    a, b = pods
    (a.folder / "dir").mkdir(mode=0o750)
    script = a.folder / "dir" / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    os.utime(script, ns=(10**18, 10**18 + 123))
    (a.folder / "empty").touch()
    (a.folder / "empty-dir").mkdir()
    (a.folder / "link").symlink_to("dir/run.sh")
    (a.folder / "gone.txt").unlink()
    (a.folder / ".cache").mkdir()
    (a.folder / ".cache" / "big").write_bytes(b"x" * 1000)
    strange = os.fsdecode(b"caf\xe9.txt")
    (a.folder / strange).write_text("latin")
    files = await a.save()
    assert {e["path"] for e in files["entries"]} == {
        "dir",
        "dir/run.sh",
        "empty",
        "empty-dir",
        "link",
        to_text(strange),
    }
    assert await b.restore(a.base) == []
    target = b.folder / "dir" / "run.sh"
    assert target.read_text() == "#!/bin/sh\n"
    assert target.stat().st_mode & 0o777 == 0o755
    assert target.stat().st_mtime_ns == 10**18 + 123
    assert (b.folder / "dir").stat().st_mode & 0o777 == 0o750
    assert (b.folder / "empty").read_bytes() == b""
    assert (b.folder / "empty-dir").is_dir()
    assert str((b.folder / "link").readlink()) == "dir/run.sh"
    assert (b.folder / strange).read_text() == "latin"
    assert not (b.folder / "gone.txt").exists()
    assert (b.folder / "image.txt").read_text() == "from the image"
    assert not (b.folder / ".cache").exists()


async def test_an_unchanged_file_is_not_read_again_not_even_after_a_move(pods: tuple[Pod, Pod]) -> None:
    a, b = pods
    (a.folder / "big").write_bytes(os.urandom(2_000_000))
    await a.save()
    assert a.written > 1_900_000
    (a.folder / "small").write_text("new")
    await a.save()
    assert a.written < 10_000
    await b.restore(a.base)
    await b.save()
    assert b.written == 0
    (b.folder / "big").unlink()
    assert [e["path"] for e in (await b.save())["entries"]] == ["small"]


async def test_a_rewrite_that_keeps_size_and_time_is_seen(pods: tuple[Pod, Pod]) -> None:
    a, b = pods
    file = a.folder / "f"
    file.write_text("one")
    stat = file.stat()
    await a.save()
    file.write_text("two")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert await a.workspace.differs()
    await a.save()
    await b.restore(a.base)
    assert (b.folder / "f").read_text() == "two"


async def test_a_manifest_with_evil_names_writes_nothing_outside(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    a, b = pods
    (a.folder / "good").write_text("good")
    files = await a.save()
    (blob,) = [e["blob"] for e in files["entries"]]
    evil = ["../evil", "/tmp/evil", "x/../../evil", "out/evil", ""]
    (b.folder / "out").symlink_to(tmp_path)
    reader = await open_snapshot(b.store, KEYS, SESSION, a.base.snapshot)
    for name in evil:
        entry = {**files["entries"][0], "path": name, "blob": blob}
        problems = await b.workspace.restore(reader, {**files, "entries": [entry], "deleted": []})
        assert [p["path"] for p in problems] == [name]
    problems = await b.workspace.restore(
        reader, {**files, "entries": [], "deleted": [{"root": "server", "path": "../a/good"}]}
    )
    assert len(problems) == 1
    assert (a.folder / "good").exists()
    assert not list(tmp_path.rglob("evil"))  # noqa: ASYNC240 - a small folder


async def test_a_restarted_server_knows_what_the_image_was(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    a, _ = pods
    (a.folder / "mine").write_text("mine")
    again = Pod(a.folder, a.store)
    await again.workspace.start()
    assert [e["path"] for e in (await again.save())["entries"]] == ["mine"]


def test_the_biggest_file_goes_first_and_is_named() -> None:
    found = {
        ("server", name): Found("file", 0o644, size, 0, (0, 0))
        for name, size in [("a", 10), ("b", 60), ("c", 200), ("d", 45)]
    }
    kept, left = within_budget(found, budget=100, limit=150)
    assert [k[1] for k in kept] == ["a", "d"]
    assert {k[1] for k, _ in left} == {"b", "c"}


@pytest.mark.parametrize("name", ["..", "a/../b", "/a", "", "a//b", "./a", "a/", "a\0b"])
def test_tricks_in_names_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        checked(name)


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "up").symlink_to("..")
    with pytest.raises(BadName, match="symbolic link"):
        SafeFolder(str(tmp_path / "root")).resolve("up/x")


def test_names_survive_as_text() -> None:
    for name in ("plain", "ünïcode", os.fsdecode(b"\xff\xfe"), "per%cent"):
        assert from_text(to_text(name)) == name


def test_globs_cross_folders_only_where_they_say_so() -> None:
    pattern = glob_pattern(["**/.cache", "*.log", "a/**"])
    assert pattern.fullmatch("x/y/.cache")
    assert pattern.fullmatch(".cache")
    assert pattern.fullmatch("x.log")
    assert not pattern.fullmatch("x/y.log")
    assert pattern.fullmatch("a/b/c")
    assert not pattern.fullmatch("x.cache")


async def test_databases_that_the_server_has_open_stay_the_pods_own(tmp_path: Path) -> None:
    """SQLite calls a database read-only from the moment that its file was replaced: no document could be opened any more."""
    store = prefixed(open_store(f"file://{tmp_path}/store"), f"sessions/{SESSION}/")
    a, b = (Pod(tmp_path / name, store, excludes=DEFAULT_EXCLUDES) for name in ("a", "b"))
    for pod in (a, b):
        await pod.workspace.start()
        (pod.folder / ".local").mkdir()
        (pod.folder / ".local/file_id_manager.db").write_text(pod.folder.name)
        (pod.folder / ".jupyter_ystore.db").write_text(pod.folder.name)
    files = await a.save()
    assert [entry["path"] for entry in files["entries"]] == [".local"]
    assert a.base is not None
    assert await b.restore(a.base) == []
    assert (b.folder / ".local/file_id_manager.db").read_text() == "b"

"""Writes a snapshot's files over what the pod has: whole files only, nothing outside the roots, whatever the manifest says."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List

from jupyter_extension.errors import BadName
from jupyter_extension.workspace.names import SafeFolder, from_text
from jupyter_extension.workspace.save import Entry
from migrator.snapshot import SnapshotReader

PARALLEL = 8
Problems = List[Dict[str, str]]


async def put_back(reader: SnapshotReader, files: dict[str, Any], roots: dict[str, str]) -> Problems:
    """Folders, files, symbolic links, deletions, in this order; returns `[{"path", "reason"}]` of what couldn't be."""
    folders = {name: SafeFolder(root) for name, root in roots.items()}
    problems: Problems = []
    by_kind: dict[str, list[Entry]] = {"dir": [], "file": [], "link": []}
    for entry in files["entries"]:
        by_kind[entry["kind"]].append(entry)
    await _each(by_kind["dir"], folders, problems, _make_folder)
    limit = asyncio.Semaphore(PARALLEL)
    await asyncio.gather(*(_file(reader, e, folders, problems, limit) for e in by_kind["file"]))
    await _each(by_kind["link"], folders, problems, _make_link)
    await _each(sorted(files["deleted"], key=lambda e: -len(e["path"])), folders, problems, _delete)
    await _each(by_kind["dir"], folders, problems, lambda path, entry: path.chmod(entry["mode"]))
    return problems


async def _each(
    entries: list[Entry], folders: dict[str, SafeFolder], problems: Problems, act: Callable[[Path, Entry], Any]
) -> None:
    def one(entry: Entry) -> None:
        try:
            act(_resolve(entry, folders), entry)
        except (OSError, BadName) as e:
            problems.append({"path": str(entry["path"]), "reason": str(e)})

    def work() -> None:
        for entry in entries:
            one(entry)

    await asyncio.get_running_loop().run_in_executor(None, work)


def _resolve(entry: Entry, folders: dict[str, SafeFolder]) -> Path:
    folder = folders.get(str(entry["root"]))
    if folder is None:
        raise BadName(f"there is no folder {entry['root']!r} here")
    return folder.resolve(from_text(entry["path"]))


async def _file(
    reader: SnapshotReader, entry: Entry, folders: dict[str, SafeFolder], problems: Problems, limit: asyncio.Semaphore
) -> None:
    loop = asyncio.get_running_loop()
    async with limit:
        try:
            path = _resolve(entry, folders)
            handle, temporary = await loop.run_in_executor(None, _temporary, path)
            try:
                with os.fdopen(handle, "wb") as out:
                    async for chunk in reader.stream(entry["blob"]):
                        await loop.run_in_executor(None, out.write, chunk)
                await loop.run_in_executor(None, _into_place, temporary, path, entry)
            except BaseException:
                await loop.run_in_executor(None, os.unlink, temporary)
                raise
        except (OSError, BadName) as e:
            problems.append({"path": str(entry["path"]), "reason": str(e)})


def _temporary(path: Path) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=str(path.parent), prefix=".~migrator-")


def _into_place(temporary: str, path: Path, entry: Entry) -> None:
    Path(temporary).chmod(int(entry["mode"]) & 0o7777)
    os.utime(temporary, ns=(int(entry["mtime_ns"]), int(entry["mtime_ns"])))
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    Path(temporary).replace(path)


def _make_folder(path: Path, entry: Entry) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(stat.S_IRWXU | int(entry["mode"]))


def _make_link(path: Path, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    target = from_text(str(entry["target"]))
    if path.is_symlink() and os.readlink(path) == target:
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    elif path.is_symlink() or path.exists():
        path.unlink()
    path.symlink_to(target)


def _delete(path: Path, entry: Entry) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir() and not any(path.iterdir()):
        path.rmdir()

"""Brings a downloaded session in: its files beside what is here, its variables into the kernels of its notebooks.

Nothing is lost by it: a file that is here and differs is kept under another name, and the session is saved before and after.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, Callable, Dict, List

from jupyter_core.utils import ensure_async

from jupyter_extension.errors import BadName, BadUpload
from jupyter_extension.live_session import LiveSession
from jupyter_extension.transfer.uploads import check_room
from jupyter_extension.workspace.names import SafeFolder, from_text
from migrator.session.download import FILES, Download, NoDownload, open_download
from migrator.snapshot import SnapshotError, SnapshotReader
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import StorageError

JsonDict = Dict[str, Any]
Rows = List[Dict[str, str]]
CHUNK = 1024 * 1024


async def bring_in(live: LiveSession, path: Path) -> JsonDict:
    """Everything in the file at `path`, as the report of a restore; `files.kept` names what was here and stays beside it.

    Raises BadUpload for a file that is no download; what saving raises.
    """
    began = time.monotonic()
    try:
        download = await in_thread(open_download, path)
    except NoDownload as e:
        raise BadUpload(str(e)) from e
    try:
        return await _bring_in(live, path, download, began)
    except (SnapshotError, StorageError) as e:
        raise BadUpload(f"what is in the file can't be read: {e}; download it again") from e
    finally:
        await download.store.close()


async def _bring_in(live: LiveSession, path: Path, download: Download, began: float) -> JsonDict:
    reader = await download.open()
    await _verify(reader)
    await live.save_now()
    limit = live.uploads.limit
    kept, problems = await in_thread(unpack, path, live.ready().workspace.roots["server"], limit)
    rows = [await _kernel(live, reader, kernel) for kernel in reader.manifest.body["kernels"]]
    report: JsonDict = {
        "at": time.time(),
        "seconds": time.monotonic() - began,
        "snapshot": download.snapshot,
        "kernels": rows,
        "files": {"excluded": problems, "kept": kept},
        "terminals": [],
    }
    live.status.restored(report)
    await live.save_now()
    return report


async def _verify(reader: SnapshotReader) -> None:
    """Read all of it before anything here is changed: a kernel gives its variables up for what comes in."""
    for name in reader.manifest.blobs:
        async for _ in reader.stream(name):
            pass


async def _kernel(live: LiveSession, reader: SnapshotReader, kernel: str) -> JsonDict:
    """One notebook's kernel; a fault of it is told in its row, and the others come in."""
    entry = reader.manifest.body["kernels"][kernel]
    row: JsonDict = {"kernel": kernel, "path": entry.get("path"), "rerun": [], "skipped": []}
    try:
        here, fresh = await _session(live, reader.manifest.body, kernel, entry)
        kernels, name = live.ready().kernels, here["kernel"]["id"]
        loaded = await (kernels.load(name, entry, reader) if fresh else kernels.renew(name, entry, None, reader))
    except (SnapshotError, StorageError):
        raise
    except Exception as e:  # noqa: BLE001 - no such kernel here, a name that can't be used: the rest still comes in
        live.log.warning("the kernel of %s did not come in: %r", entry.get("path"), e)
        lost = [{"name": "all variables", "reason": str(e) or type(e).__name__}]
        return {**row, "saved": 0, "lost": lost, "changed": []}
    lost, changed = loaded.get("lost", []), loaded.get("changed", [])
    return {**row, "kernel": here["kernel"]["id"], "saved": len(loaded["saved"]), "lost": lost, "changed": changed}


async def _session(live: LiveSession, body: JsonDict, kernel: str, entry: JsonDict) -> tuple[JsonDict, bool]:
    """The session of the notebook here, and whether it is new: else it is the one that is open."""
    rows = [row for row in body["sessions"] if row["kernel"] == kernel]
    about = rows[0] if rows else {"path": entry.get("path") or "brought in", "name": "", "type": "console"}
    sessions = live.parts.sessions
    for model in await sessions.list_sessions():
        if model["path"] == about["path"] and model["kernel"]["name"] == entry["name"]:
            return dict(model), False
    options = {key: about[key] for key in ("path", "name", "type")}
    return dict(await ensure_async(sessions.create_session(kernel_name=entry["name"], **options))), True


def unpack(path: Path, root: str, limit: int) -> tuple[list[str], Rows]:
    """Put the files below `root`. Returns the names under which what was here is kept, and what could not be put.

    Raises TooBig before anything is written.
    """
    kept: list[str] = []
    problems: Rows = []
    folder = SafeFolder(root)
    with zipfile.ZipFile(str(path)) as archive:
        entries = [e for e in archive.infolist() if e.filename.startswith(FILES) and len(e.filename) > len(FILES)]
        check_room(sum(e.file_size for e in entries), root, limit)
        for entry in entries:
            name = from_text(entry.filename[len(FILES) :].rstrip("/"))
            try:
                _put(archive, entry, folder.resolve(name), name, kept)
            except (OSError, BadName, zipfile.BadZipFile, EOFError) as e:
                problems.append({"path": name, "reason": str(e)})
    return kept, problems


def _put(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, name: str, kept: list[str]) -> None:
    mode = entry.external_attr >> 16
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif stat.S_ISLNK(mode):
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(archive.read(entry).decode())
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _file(archive, entry, target, name, kept)


def _file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, name: str, kept: list[str]) -> None:
    """Whole or not at all; a different one that is here is moved aside first."""
    handle, temporary = tempfile.mkstemp(dir=str(target.parent), prefix=".~migrator-")
    try:
        with os.fdopen(handle, "wb") as out, archive.open(entry) as stream:
            shutil.copyfileobj(stream, out, CHUNK)
        Path(temporary).chmod((entry.external_attr >> 16) & 0o777 or 0o644)
        at = time.mktime((*entry.date_time, 0, 0, -1))
        os.utime(temporary, (at, at))
        if os.path.lexists(target) and not _same(Path(temporary), target):
            aside = free_name(target)
            target.rename(aside)
            kept.append(str(PurePosixPath(name).with_name(aside.name)))
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink()
        raise


def _same(one: Path, other: Path) -> bool:
    if other.is_symlink() or not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while True:
            left, right = a.read(CHUNK), b.read(CHUNK)
            if left != right:
                return False
            if not left:
                return True


def free_name(path: Path, exists: Callable[[Path], bool] = os.path.lexists) -> Path:
    """`a (was here).txt`, or with a number where that is taken."""
    for number in range(1, 10_000):
        words = "was here" if number == 1 else f"was here {number}"
        name = path.with_name(f"{path.stem} ({words}){path.suffix}")
        if not exists(name):
            return name
    raise OSError(f"there are too many copies of {path.name}")

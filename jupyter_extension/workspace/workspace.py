"""The files that differ from the start, between two snapshots and across pods."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Callable, TypeVar

from jupyter_extension.settings import Settings
from jupyter_extension.workspace import baseline as baselines
from jupyter_extension.workspace.names import from_text, glob_pattern, to_text
from jupyter_extension.workspace.put_back import put_back
from jupyter_extension.workspace.save import Entry, Vanished, entry_of, save_file, within_budget
from jupyter_extension.workspace.scan import Found, Key, Scan, scan
from migrator.snapshot import Manifest, SnapshotReader, SnapshotWriter

T = TypeVar("T")


def choose_roots(server_root: str, home: str, extra: list[str]) -> dict[str, str]:
    """The folders to watch, by the names that mean the same on every pod."""
    roots = {"server": os.path.realpath(server_root)}
    if os.path.realpath(home) != roots["server"] and Path(home).is_dir():
        roots["home"] = os.path.realpath(home)
    for folder in extra:
        if Path(folder).is_dir() and os.path.realpath(folder) not in roots.values():
            roots[f"extra:{folder}"] = os.path.realpath(folder)
    return roots


async def opened(session: str, server_root: str, home: str, settings: Settings) -> Workspace:
    """The workspace of a session in this pod, which knows what the files were at its start."""
    roots = choose_roots(server_root, home, settings.extra_roots)
    workspace = Workspace(
        roots,
        excludes=settings.excludes,
        budget=settings.files_budget,
        limit=settings.file_limit,
        baseline_path=baselines.default_path(session, roots),
    )
    await workspace.start()
    return workspace


class Workspace:
    """Scans, saves and restores; all file access is in threads."""

    def __init__(
        self, roots: dict[str, str], *, excludes: list[str], budget: int, limit: int, baseline_path: Path
    ) -> None:
        self.roots = roots
        self._excludes = glob_pattern(excludes)
        self._budget, self._limit = budget, limit
        self._baseline_path = baseline_path
        self._baseline: baselines.Baseline = {}
        self._saved: dict[Key, tuple[list[Any], Entry]] = {}
        self._last_scan: Scan | None = None

    async def start(self) -> None:
        """Learn what the files are at the start of the session in this pod."""
        known = await _in_thread(lambda: baselines.load(self._baseline_path))
        if known is None:
            known = baselines.of_scan(await self._scan())
            await _in_thread(lambda: baselines.store(self._baseline_path, known))
        self._baseline = known

    async def _scan(self) -> Scan:
        return await _in_thread(lambda: scan(self.roots, self._excludes))

    async def listing(self, root: str) -> list[tuple[str, Found]]:
        """All below one root, by relative path; folders before what is in them."""
        found = await self._scan()
        rows = [(path, item) for (name, path), item in found.found.items() if name == root]
        return sorted(rows, key=lambda row: row[0])

    def _changed(self, found: Scan) -> dict[Key, Found]:
        return {k: f for k, f in found.found.items() if self._baseline.get(k) != f.signature()}

    async def differs(self) -> bool:
        """Whether anything changed since the last `save`."""
        found = await self._scan()
        before, self._last_scan = self._last_scan, found
        if before is None:
            return True
        return {k: f.signature() for k, f in before.found.items()} != {k: f.signature() for k, f in found.found.items()}

    async def save(self, writer: SnapshotWriter, base: Manifest | None) -> dict[str, Any]:
        """Everything that differs from the start, as the `files` of the manifest's body."""
        found = await self._scan()
        changed = self._changed(found)
        files = {k: f for k, f in changed.items() if f.kind == "file"}
        kept, left = within_budget(files, self._budget, self._limit)
        entries = [entry_of(k, f) for k, f in sorted(changed.items()) if f.kind != "file"]
        excluded = found.excluded + [{"path": to_text(self._path(k)), "reason": reason} for k, reason in left]
        saved: dict[Key, tuple[list[Any], Entry]] = {}
        for key in kept:
            await self._save_one(writer, base, key, files[key], saved, excluded)
        self._saved, self._last_scan = saved, found
        deleted = [{"root": r, "path": to_text(p)} for r, p in sorted(self._baseline) if (r, p) not in found.found]
        return {
            "root": self.roots["server"],
            "roots": dict(self.roots),
            "entries": entries + [entry for _, entry in saved.values()],
            "deleted": deleted,
            "excluded": excluded,
        }

    async def _save_one(
        self,
        writer: SnapshotWriter,
        base: Manifest | None,
        key: Key,
        found: Found,
        saved: dict[Key, tuple[list[Any], Entry]],
        excluded: list[dict[str, str]],
    ) -> None:
        known = self._saved.get(key)
        if known is not None and base is not None and known[0] == found.signature() and known[1]["blob"] in base.blobs:
            writer.keep(known[1]["blob"])
            saved[key] = known
            return
        try:
            entry, seen, warning = await save_file(writer, key, self._path(key))
        except Vanished:
            return
        except OSError as e:
            excluded.append({"path": to_text(self._path(key)), "reason": f"can't be read: {e.strerror}"})
            return
        saved[key] = (seen.signature() if warning is None else [], entry)
        if warning is not None:
            excluded.append({"path": to_text(self._path(key)), "reason": warning})

    def _path(self, key: Key) -> str:
        return str(Path(self.roots[key[0]], key[1]))

    async def share(self, files: dict[str, Any]) -> list[dict[str, str]]:
        """The folders are the very ones that were saved: nothing is written, and what differed from the image still does."""
        for entry in files["entries"]:
            self._baseline.pop((entry["root"], from_text(entry["path"])), None)
        await _in_thread(lambda: baselines.store(self._baseline_path, self._baseline))
        return []

    async def restore(self, reader: SnapshotReader, files: dict[str, Any]) -> list[dict[str, str]]:
        """Make the files what the snapshot says; returns what couldn't be, as `[{"path", "reason"}]`."""
        problems = await put_back(reader, files, self.roots)
        found = await self._scan()
        self._last_scan = found
        for entry in files["entries"]:
            key = (entry["root"], from_text(entry["path"]))
            item = found.found.get(key)
            if entry["kind"] == "file" and item is not None and item.size == entry["size"]:
                self._saved[key] = (item.signature(), entry)
        return problems


async def _in_thread(call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, call)

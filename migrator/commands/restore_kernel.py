"""The work of `migrator restore`."""

from __future__ import annotations

import argparse
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jupyter_extension.kernel_client import KernelAgent, KernelEntry, load_kernel
from migrator.commands import history, kernels, report
from migrator.commands.errors import CommandError
from migrator.session.download import Download, open_download
from migrator.session.ids import check_session_id
from migrator.session.records import SessionRecords
from migrator.snapshot import SessionKeys, SnapshotCorrupt, SnapshotReader, open_snapshot
from migrator.storage import ObjectStore

_SNAPSHOT = re.compile(r"[0-9a-f]{32}")


async def main(args: argparse.Namespace) -> int:
    """Restore the kernel and print what came back."""
    async with _source(args) as (objects, keys, session):
        started = time.perf_counter()
        agent = await KernelAgent.attach(args.connection_file, timeout=args.timeout, answer=kernels.ANSWER_S)
        async with report.progress("restored", lambda: 0, quiet=args.json):
            reader, loaded, fallback = await _load(args, agent, objects, keys, session)
        seconds = time.perf_counter() - started
    if fallback:
        report.complain(fallback)
    _show(args, reader, loaded, fallback, seconds)
    return 0


@contextlib.asynccontextmanager
async def _source(args: argparse.Namespace) -> AsyncIterator[tuple[ObjectStore, SessionKeys, str]]:
    """Where the snapshot lies, what opens it, and whose it is; `args.snapshot` is its id from here on."""
    if not _SNAPSHOT.fullmatch(args.snapshot):
        download = _download(args)
        try:
            yield download.store, SessionKeys(download.key), download.session
        finally:
            await download.store.close()
        return
    if not args.store or not args.key_file:
        raise CommandError("a snapshot's id needs --store and --key-file; a downloaded session.zip does not", 2)
    keys = kernels.session_keys(args.key_file)
    async with kernels.opened(args.store) as store:
        session = check_session_id(args.session or await history.session_of(store, args.snapshot))
        yield SessionRecords(store).objects(session), keys, session


def _download(args: argparse.Namespace) -> Download:
    path = Path(args.snapshot)
    if not path.is_file():
        raise CommandError(f"{args.snapshot!r} is no snapshot id (it has 32 hex digits) and no file", 2)
    if args.store or args.key_file or args.session:
        raise CommandError(
            "a downloaded session has its own store and key: leave --store, --key-file, --session out", 2
        )
    download = open_download(path)
    args.snapshot = download.snapshot
    return download


async def _load(
    args: argparse.Namespace, agent: KernelAgent, objects: ObjectStore, keys: SessionKeys, session: str
) -> tuple[SnapshotReader, dict[str, Any], str | None]:
    """Load the snapshot, or the newest one before it that is whole, and say why."""
    reason = None
    candidates = [args.snapshot]
    while candidates:
        snapshot = candidates.pop(0)
        try:
            reader = await open_snapshot(objects, keys, session, snapshot)
            loaded = await load_kernel(agent, reader, _entry(args, reader), timeout=args.timeout)
        except SnapshotCorrupt as error:
            if reason is None:
                reason = str(error)
                candidates = [one.snapshot for one in await history.before(objects, keys, session, snapshot)]
            continue
        text = f"snapshot {args.snapshot} is corrupt ({reason}); {snapshot} was restored in its place"
        return reader, loaded, text if reason else None
    raise SnapshotCorrupt(f"{reason}; there is no older snapshot of session {session} that is whole")


def _entry(args: argparse.Namespace, reader: SnapshotReader) -> KernelEntry:
    saved = reader.manifest.body.get("kernels") or {}
    by_path = {entry["path"]: kernel for kernel, entry in saved.items() if entry.get("path")}
    wanted = by_path.get(args.kernel, args.kernel) or (next(iter(saved)) if len(saved) == 1 else None)
    if wanted not in saved:
        known = ", ".join([*by_path, *saved]) or "none, it holds no kernel"
        raise CommandError(f"say by --kernel which one of: {known}", 2)
    return KernelEntry.from_json(saved[wanted])


def _show(
    args: argparse.Namespace, reader: SnapshotReader, loaded: dict[str, Any], fallback: str | None, seconds: float
) -> None:
    result = {
        "snapshot": reader.manifest.snapshot,
        "saved": loaded.get("saved", []),
        "lost": loaded.get("lost", []),
        "changed": loaded.get("changed", []),
        "bytes_written": 0,
        "bytes_state": reader.manifest.state_bytes,
        "pause_s": None,
        "seconds": seconds,
    }
    if fallback:
        result["fallback"] = fallback
    headline = (
        f"{reader.manifest.snapshot}\n  {len(result['saved'])} variables, "
        f"{report.size(reader.manifest.state_bytes)} of state restored in {seconds:.2f} s"
    )
    report.show(result, as_json=args.json, headline=headline)

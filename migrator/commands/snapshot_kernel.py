"""The work of `migrator snapshot`."""

from __future__ import annotations

import argparse
import time
from typing import Any

from jupyter_extension.kernel_client import KernelAgent, KernelEntry, save_kernel
from migrator.commands import history, kernels, report
from migrator.session.ids import check_session_id
from migrator.session.records import SessionRecords
from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import ObjectStore

KERNEL = "main"  # the id in the manifest of a kernel that no Jupyter server has given one
PREFIX = f"kernel/{KERNEL}/"


async def main(args: argparse.Namespace) -> int:
    """Save the kernel and print what was saved."""
    keys = kernels.session_keys(args.key_file)
    session = check_session_id(args.session or kernels.default_session(args.connection_file))
    async with kernels.opened(args.store) as store:
        objects = SessionRecords(store).objects(session)
        started = time.perf_counter()
        agent = await KernelAgent.attach(args.connection_file, timeout=args.timeout, answer=kernels.ANSWER_S)
        base = await _base(args, agent, objects, keys, session)
        writer = SnapshotWriter(objects, keys, session, epoch=base.epoch if base else 1, base=base)
        async with report.progress("saved", lambda: writer.bytes_written, quiet=args.json):
            entry, manifest = await _save(args, agent, writer)
        await agent.remember(_memo(args.store, session), manifest.snapshot)
        seconds = time.perf_counter() - started
        manifest_bytes = (await objects.head(f"manifests/{manifest.snapshot}")).size
    _show(args, entry, manifest, writer.bytes_written + manifest_bytes, seconds)
    return 0


async def _save(args: argparse.Namespace, agent: KernelAgent, writer: SnapshotWriter) -> tuple[KernelEntry, Manifest]:
    when = "boundary" if args.boundary else "now"
    try:
        entry = await save_kernel(agent, writer, PREFIX, _entry(writer.base), when, timeout=args.timeout)
        return entry, await writer.commit({"kernels": {KERNEL: {"name": "python3", **entry.to_json()}}})
    except BaseException:
        await writer.abort()
        raise


def _entry(base: Manifest | None) -> KernelEntry | None:
    saved = base.body.get("kernels", {}).get(KERNEL) if base else None
    return KernelEntry.from_json(saved) if saved else None


async def _base(
    args: argparse.Namespace, agent: KernelAgent, objects: ObjectStore, keys: SessionKeys, session: str
) -> Manifest | None:
    """The snapshot to build on: as told, else the one that the kernel remembers, else the newest that can be read."""
    if args.base == "none":
        return None
    if args.base != "auto":
        return (await open_snapshot(objects, keys, session, args.base)).manifest
    found, faults = await history.newest(objects, keys, session, await agent.recall(_memo(args.store, session)))
    for fault in faults:
        report.complain(f"not built on a snapshot that cannot be read: {fault}")
    return found


def _memo(store: str, session: str) -> str:
    return f"{store} {session}"


def _show(args: argparse.Namespace, entry: KernelEntry, manifest: Manifest, bytes_written: int, seconds: float) -> None:
    result: dict[str, Any] = {
        "snapshot": manifest.snapshot,
        "saved": entry.report.get("saved", []),
        "lost": entry.report.get("lost", []),
        "changed": entry.report.get("changed", []),
        "bytes_written": bytes_written,
        "bytes_state": manifest.state_bytes,
        "pause_s": entry.report.get("pause_s"),
        "seconds": seconds,
    }
    headline = (
        f"{manifest.snapshot}\n  {len(result['saved'])} variables, {report.size(manifest.state_bytes)} of state, "
        f"{report.size(bytes_written)} written in {seconds:.2f} s; the kernel paused for {1e3 * result['pause_s']:.1f} ms"
    )
    report.show(result, as_json=args.json, headline=headline)

"""Which snapshots are kept, and how the objects that nothing needs any more are deleted without harming anybody.

Two rules make this safe beside a writer or reader at work. Whatever is younger than its grace time stays: a writer
stores its packs before the manifest that refers to them. And a pack is deleted only if no manifest referred to it when
the run began, those deleted in the same run included; their packs go in a later run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Iterable

from migrator.snapshot.errors import SnapshotCorrupt
from migrator.snapshot.journal import PREFIX as JOURNAL
from migrator.snapshot.journal import parse_journal_key
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import Manifest, decode_manifest, manifest_key
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectInfo, ObjectStore

KEEP_LAST = 3
HOUR_S = 3600.0
HOURLY_FOR_S = 24 * HOUR_S
PACK_GRACE_S = HOUR_S  # more than any snapshot takes from its first pack to its manifest
MANIFEST_GRACE_S = 600.0  # more than a restoration takes to read, and a writer to put the snapshot into the record


@dataclass(frozen=True)
class Collected:
    """What a run deleted: keys relative to the session, and their bytes."""

    keys: tuple[str, ...]
    bytes: int


def snapshots_to_keep(manifests: Iterable[Manifest], named: Iterable[str], now: float) -> set[str]:
    """Apply the rule: those named, the last three, and the last of each hour for a day."""
    newest_first = sorted(manifests, key=lambda each: (each.epoch, each.created), reverse=True)
    keep = {*named, *(each.snapshot for each in newest_first[:KEEP_LAST])}
    hours: set[int] = set()
    for each in newest_first:
        hour = int(each.created // HOUR_S)
        if now - each.created <= HOURLY_FOR_S and hour not in hours:
            hours.add(hour)
            keep.add(each.snapshot)
    return keep


async def collect_garbage(
    store: ObjectStore,
    keys: SessionKeys,
    session_id: str,
    named: Iterable[str],
    *,
    pack_grace_s: float = PACK_GRACE_S,
    now: float | None = None,
) -> Collected:
    """Delete the manifests that the rule lets go, packs that nothing refers to, and the journal before all that is kept.

    `named` are the snapshots that the session's record names. Raises `SnapshotCorrupt` or `WrongKey`, and deletes
    nothing, if a manifest cannot be read: what it needs is not known then.
    """
    now = time.time() if now is None else now
    packs = [info async for info in store.list("packs/")]  # before the manifests: a commit in between must be seen
    infos = [info async for info in store.list("manifests/")]
    manifests = await _read(store, keys, session_id, infos)
    keep = snapshots_to_keep(manifests, _existing(named, manifests), now)
    old = {info.key for info in infos if _is_old(info, now, MANIFEST_GRACE_S)}
    dropped = {each.snapshot for each in manifests if each.snapshot not in keep and manifest_key(each.snapshot) in old}
    needed = {f"packs/{pack}" for each in manifests for pack in each.packs()}
    gone = [info for info in infos if info.key.partition("/")[2] in dropped]
    gone += [info for info in packs if info.key not in needed and _is_old(info, now, pack_grace_s)]
    gone += await _covered_journal(store, [each for each in manifests if each.snapshot not in dropped])
    for info in gone:
        await store.delete(info.key)
    return Collected(tuple(info.key for info in gone), sum(info.size for info in gone))


async def erase(store: ObjectStore) -> int:
    """Delete everything of a session: `store` is the view of it. Manifests first, so that none is left without packs."""
    count = 0
    for prefix in ("manifests/", ""):
        for info in [info async for info in store.list(prefix)]:
            await store.delete(info.key)
            count += 1
    return count


async def _read(store: ObjectStore, keys: SessionKeys, session: str, infos: Iterable[ObjectInfo]) -> list[Manifest]:
    found: list[Manifest] = []
    for info in infos:
        snapshot = info.key.partition("/")[2]
        try:
            data = await store.get(info.key)
        except NotFound:  # another run was faster
            continue
        found.append(await in_thread(decode_manifest, data, keys, session, snapshot))
    return found


def _existing(named: Iterable[str], manifests: Iterable[Manifest]) -> set[str]:
    names = set(named)
    missing = names - {each.snapshot for each in manifests}
    if missing:
        raise SnapshotCorrupt(
            f"{manifest_key(min(missing))} is missing though the record names it; nothing was deleted"
        )
    return names


def _is_old(info: ObjectInfo, now: float, grace_s: float) -> bool:
    """Where the store does not say how old an object is, it counts as new."""
    return info.modified is not None and now - info.modified > grace_s


async def _covered_journal(store: ObjectStore, kept: list[Manifest]) -> list[ObjectInfo]:
    places = [_covers(each.body.get("journal")) for each in kept]
    covered = min((place for place in places if place is not None), default=(0, 0))
    if None in places:
        return []
    return [info async for info in store.list(JOURNAL) if parse_journal_key(info.key) <= covered]


def _covers(journal: Any) -> tuple[int, int] | None:
    if not isinstance(journal, dict):
        return None
    return int(journal.get("epoch", 0)), int(journal.get("seq", 0))

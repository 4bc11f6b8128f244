"""Finds a readable snapshot: the one that the record names, else the newest before it that is whole."""

from __future__ import annotations

import logging
from typing import Any

from jupyter_extension.errors import NothingToRestore
from migrator.snapshot import Manifest, SessionKeys, SnapshotError, SnapshotReader, open_snapshot, read_journal
from migrator.storage import NotFound, ObjectStore


class Snapshots:
    """The session's snapshots in its store."""

    def __init__(self, store: ObjectStore, keys: SessionKeys, session: str, log: logging.Logger) -> None:
        self.store, self._keys, self._session, self._log = store, keys, session, log

    async def open(self, snapshot: str) -> SnapshotReader:
        """Raises SnapshotError or NotFound."""
        return await open_snapshot(self.store, self._keys, self._session, snapshot)

    async def manifests(self) -> list[Manifest]:
        """All readable ones, newest first."""
        found = []
        async for info in self.store.list("manifests/"):
            try:
                found.append((await self.open(info.key.rpartition("/")[2])).manifest)
            except (SnapshotError, NotFound) as e:
                self._log.warning("%s is passed over: %s", info.key, e)
        return sorted(found, key=lambda m: (m.epoch, m.created), reverse=True)

    async def candidates(self, newest: str | None) -> list[str]:
        """The snapshots to try, in order; the named one first, then what was before it."""
        older = [m for m in await self.manifests() if m.snapshot != newest]
        return ([newest] if newest else []) + [m.snapshot for m in older]

    async def journal_after(self, manifest: Manifest) -> tuple[list[Any], str | None]:
        """The journal's entries since the snapshot, and what is wrong if they can't all be read."""
        place = manifest.body["journal"]
        try:
            rows = await read_journal(self.store, self._keys, self._session, (place["epoch"], place["seq"]))
        except SnapshotError as e:
            self._log.warning("the journal after %s can't be read: %s", manifest.snapshot, e)
            return [], str(e)
        return [entry for _, _, entries in rows for entry in entries], None


def none_left(tried: list[str]) -> NothingToRestore:
    """The error when no snapshot is readable."""
    return NothingToRestore(
        f"none of the {len(tried)} snapshots of this session can be read; run `migrator check` on the store"
    )


def row_of(manifest: Manifest) -> dict[str, Any]:
    """A kept checkpoint as the page shows it."""
    kernels = [
        {"kernel": k, "path": e["path"], "execution_count": e["boundary"].get("execution_count")}
        for k, e in manifest.body["kernels"].items()
    ]
    return {
        "snapshot": manifest.snapshot,
        "at": manifest.created,
        "bytes_state": manifest.state_bytes,
        "kernels": kernels,
    }

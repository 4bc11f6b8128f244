"""A standby makes itself ready while the session still runs elsewhere: packs on disk, kernels started. Nothing of the user's runs."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from jupyter_extension.errors import ExtensionError
from jupyter_extension.link import Link
from jupyter_extension.restore.kernels import Kernels, gather_named
from jupyter_extension.restore.pack_cache import PackCache
from jupyter_extension.restore.snapshots import Snapshots
from jupyter_extension.status import Status
from migrator.snapshot import Manifest, SnapshotError
from migrator.storage.errors import StorageError

LOOK_S = 1.0


class Standby:
    """Follows the newest snapshot until the session comes here; the status says which one is all here."""

    def __init__(
        self, link: Link, snapshots: Snapshots, cache: PackCache, kernels: Kernels, status: Status, log: logging.Logger
    ) -> None:
        self._status = status
        self._link, self._snapshots, self._cache, self._kernels, self._log = link, snapshots, cache, kernels, log
        self._warm: set[str] = set()

    async def run(self) -> None:
        """Until cancelled; faults are tried again."""
        while True:
            try:
                info = await self._link.session()
                if info.snapshot and info.snapshot != self._status.prepared:
                    await self.prepare(info.snapshot)
            except (ExtensionError, StorageError, SnapshotError, OSError) as e:
                self._log.info("the standby can't prepare now: %s", e)
            await asyncio.sleep(LOOK_S)

    async def prepare(self, snapshot: str) -> None:
        """Kernels first, since their start takes longest, and packs beside it."""
        manifest = (await self._snapshots.open(snapshot)).manifest
        warming = asyncio.ensure_future(self._warm_kernels(manifest.body))
        try:
            await self._cache.fetch(_in_order(manifest))
        finally:
            await asyncio.wait({warming})
        self._status.prepared = snapshot

    async def _warm_kernels(self, body: dict[str, Any]) -> None:
        rows = {row["kernel"]: row for row in reversed(body["sessions"])}
        new = {k: e for k, e in body["kernels"].items() if k not in self._warm}
        results = await gather_named({k: self._kernels.warm(k, e, rows.get(k)) for k, e in new.items()})
        for kernel, result in results.items():
            if isinstance(result, BaseException):
                self._log.info("kernel %s could not be started ahead: %r", kernel, result)
            else:
                self._warm.add(kernel)


def _in_order(manifest: Manifest) -> list[str]:
    """The packs as a restoration comes to need them."""
    return list(dict.fromkeys(ref.pack for blob in manifest.blobs.values() for ref in blob.blocks))

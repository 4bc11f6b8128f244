"""Short ways to write and read whole snapshots, for tests."""

from __future__ import annotations

import random
from collections.abc import Mapping

from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import ObjectStore

SESSION = "a-test-session"


def noise(seed: int, size: int) -> bytes:
    """Bytes that nobody can compress, always the same for a seed."""
    return random.Random(seed).getrandbits(8 * size + 1).to_bytes(size + 1, "little")[:size]


async def write(
    store: ObjectStore,
    keys: SessionKeys,
    blobs: Mapping[str, bytes],
    base: Manifest | None = None,
    body: dict | None = None,
) -> Manifest:
    writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
    for name, data in blobs.items():
        blob = writer.blob(name)
        await blob.write(data)
        await blob.close()
    return await writer.commit(body or {})


async def read_all(store: ObjectStore, keys: SessionKeys, snapshot: str) -> dict[str, bytes]:
    reader = await open_snapshot(store, keys, SESSION, snapshot)
    return {name: await reader.read(name) for name in reader.manifest.blobs}


async def names(store: ObjectStore, prefix: str) -> list[str]:
    return [info.key async for info in store.list(prefix)]

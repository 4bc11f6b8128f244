"""A snapshot of one session once more as the first of another: under the other's own key, so that neither can ever open the other's."""

from __future__ import annotations

from typing import Any, Callable

from migrator.snapshot import Manifest, SessionKeys, SnapshotReader, SnapshotWriter
from migrator.storage.protocol import ObjectStore


async def copy_snapshot(
    reader: SnapshotReader,
    store: ObjectStore,
    keys: SessionKeys,
    session: str,
    body: dict[str, Any],
    renamed: Callable[[str], str],
) -> Manifest:
    """Write all blobs, and `body`, into `store`, the other session's view. What was written is deleted again if that fails."""
    writer = SnapshotWriter(store, keys, session, epoch=1)
    try:
        for name in reader.manifest.blobs:
            await copy_blob(reader, writer, name, renamed(name))
        return await writer.commit(body)
    finally:
        await writer.abort()


async def copy_blob(reader: SnapshotReader, writer: SnapshotWriter, name: str, other: str = "") -> None:
    """One blob, block by block; under another name if given."""
    blob = writer.blob(other or name)
    async for chunk in reader.stream(name):
        await blob.block(chunk, stable=True)
    await blob.close()

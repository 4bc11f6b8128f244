"""A process to be killed: writes one snapshot on top of the other, and says of each when it is durable.

python -m tests.snapshot.crash_writer URL SESSION KEY_HEX [SNAPSHOT]
"""

from __future__ import annotations

import asyncio
import sys

from migrator.snapshot import Manifest, SessionKeys, SnapshotWriter, open_snapshot
from migrator.storage import ObjectStore, open_store, prefixed
from tests.snapshot.building import noise

BLOBS = 6
BLOB_BYTES = 1_500_000


def content(generation: int, number: int) -> bytes:
    """Half of the blobs change with each generation."""
    changed = generation - (generation + number) % 2
    return noise(changed * BLOBS + number, BLOB_BYTES)


async def main(url: str, session: str, key: str, last: str = "") -> None:
    store = prefixed(open_store(url), f"sessions/{session}/")
    keys = SessionKeys(bytes.fromhex(key))
    base = (await open_snapshot(store, keys, session, last)).manifest if last else None
    while True:
        base = await _write(store, keys, session, base)
        sys.stdout.write(f"{base.snapshot} {base.body['generation']}\n")
        sys.stdout.flush()


async def _write(store: ObjectStore, keys: SessionKeys, session: str, base: Manifest | None) -> Manifest:
    generation = base.body["generation"] + 1 if base else 1
    writer = SnapshotWriter(store, keys, session, epoch=1, base=base)
    for number in range(BLOBS):
        blob = writer.blob(str(number))
        await blob.write(content(generation, number))
        await blob.close()
    await writer.compact()
    return await writer.commit({"generation": generation})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

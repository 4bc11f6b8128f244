"""Made the golden store of a format version, once; later versions of the program must read it for ever.

    python -m tests.snapshot.golden.make FOLDER

Run it for a new format version only, into a new folder: what was written before must not be written again.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from migrator.session import Owner, Record, SessionRecords, phases
from migrator.session.sealing import Secrets, seal
from migrator.snapshot import JournalWriter, SessionKeys, SnapshotWriter
from migrator.storage import open_store

SESSION = "golden-session"
KEY = bytes(range(32))
SECRET = b"the federation secret of the golden store"
TOKEN = "0123456789abcdef"
BODY = {"text": "snow ☃", "number": 1.5, "nothing": None, "journal": {"epoch": 1, "seq": 1}}
ENTRIES = [[{"type": "request", "n": 1}], [{"type": "request", "n": 2}, {"type": "done", "n": 1}]]
BLOBS = {
    "empty": b"",
    "small": b"a few bytes",
    "name with ☃ and /": b"any text is a name",
    "compressed": b"the same again and again " * 200,
    "plain": bytes((index * index + index // 7) % 251 for index in range(1000)),
}
LATER = {**BLOBS, "small": b"changed", "two blocks": b"onetwo"}


async def make(folder: Path) -> None:
    """Write two snapshots, the second on top of the first, two journal entries and a record."""
    store = open_store(f"file://{folder}")
    records = SessionRecords(store)
    view = records.objects(SESSION)
    keys = SessionKeys(KEY)
    first = SnapshotWriter(view, keys, SESSION, epoch=1)
    for name, data in BLOBS.items():
        blob = first.blob(name)
        await blob.write(data)
        await blob.close()
    base = await first.commit(BODY)
    journal = JournalWriter(view, keys, SESSION, 1)
    for entries in ENTRIES:
        await journal.append(entries)
    snapshot = await _second(SnapshotWriter(view, keys, SESSION, epoch=1, base=base))
    sealed = seal(SECRET, SESSION, Secrets(KEY, TOKEN, {"image": "golden"}))
    new = Record(SESSION, 1, "starting", owner=Owner("a", "/user/x/"), sealed=sealed, created=1.0)
    await records.create(phases.saved(phases.started(new, "http://127.0.0.1:1", at=2.0), snapshot, 100, at=3.0))
    await store.close()
    for own in (".tmp", ".locks"):
        await asyncio.to_thread(shutil.rmtree, folder / own)


async def _second(writer: SnapshotWriter) -> str:
    for name in BLOBS:
        if name != "small":
            writer.keep(name)
    small = writer.blob("small")
    await small.write(b"changed")
    await small.close()
    two = writer.blob("two blocks")
    await two.block(b"one")
    await two.block(b"two")
    await two.close()
    return (await writer.commit(BODY)).snapshot


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1]).absolute()))

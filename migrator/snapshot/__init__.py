"""Snapshots: blocks, packs and manifests, encrypted under the session's own key. The format: docs/format.md.

The room knows object stores by their protocol only, and neither network nor Jupyter.
"""

from __future__ import annotations

from migrator.snapshot.errors import SnapshotCorrupt, SnapshotError, WrongKey
from migrator.snapshot.journal import JournalWriter, read_journal
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import Blob, BlockRef, Manifest
from migrator.snapshot.reader import SnapshotReader, open_snapshot
from migrator.snapshot.writer import BlobWriter, SnapshotWriter

__all__ = [
    "Blob",
    "BlobWriter",
    "BlockRef",
    "JournalWriter",
    "Manifest",
    "SessionKeys",
    "SnapshotCorrupt",
    "SnapshotError",
    "SnapshotReader",
    "SnapshotWriter",
    "WrongKey",
    "open_snapshot",
    "read_journal",
]

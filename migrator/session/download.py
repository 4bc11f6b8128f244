"""A session that its user downloaded: one zip file with `files/` as they were, and the variables as a snapshot under `state/`.

`state/session.json` holds `{"format": 1, "session", "snapshot", "key": base64, "created"}`. The key is the download's own, made for it,
and opens nothing in any store; whoever has the file can read all that is in it.
"""

from __future__ import annotations

import base64
import binascii
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from migrator.session.errors import SessionError
from migrator.session.ids import is_session_id
from migrator.snapshot import SessionKeys, SnapshotReader, open_snapshot
from migrator.snapshot.keys import KEY_BYTES
from migrator.storage.archive import ArchiveStore, DamagedArchive

FORMAT = 1
FILES, STATE = "files/", "state/"
ABOUT = "session.json"
_ABOUT_BYTES = 64 * 1024


class NoDownload(SessionError, ValueError):
    """The file is not a downloaded session, or one of a later version."""


@dataclass
class Download:
    """An open download; `close` its store."""

    store: ArchiveStore
    session: str
    snapshot: str
    key: bytes

    async def open(self) -> SnapshotReader:
        """The snapshot in it. Raises SnapshotCorrupt."""
        return await open_snapshot(self.store, SessionKeys(self.key), self.session, self.snapshot)


def describe(session: str, snapshot: str, key: bytes, created: float) -> bytes:
    """What `state/session.json` holds."""
    about = {"format": FORMAT, "session": session, "snapshot": snapshot, "created": created}
    return json.dumps({**about, "key": base64.b64encode(key).decode()}, indent=1).encode()


def open_download(path: Path) -> Download:
    """Open a downloaded session. Blocks. Raises NoDownload."""
    try:
        with zipfile.ZipFile(str(path)) as archive, archive.open(STATE + ABOUT) as stream:
            about = json.loads(stream.read(_ABOUT_BYTES))
        store = ArchiveStore(path, STATE)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, DamagedArchive) as error:
        raise NoDownload(f"{path.name} is no downloaded session, or not whole ({error}); download it again") from error
    try:
        return _checked(store, about, path)
    except NoDownload:
        store.close_now()
        raise


def _checked(store: ArchiveStore, about: object, path: Path) -> Download:
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise NoDownload(f"{path.name} was made by a later version of the session migrator; update this one")
    session, snapshot = about.get("session"), about.get("snapshot")
    try:
        key = base64.b64decode(str(about.get("key")), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if (
        not isinstance(session, str)
        or not is_session_id(session)
        or not isinstance(snapshot, str)
        or len(key) != KEY_BYTES
    ):
        raise NoDownload(f"{path.name} does not say rightly what is in it; download it again")
    return Download(store, session, snapshot, key)

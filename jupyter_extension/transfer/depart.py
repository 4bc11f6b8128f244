"""Makes the download of a session: its files from the disk, its variables from the snapshot taken for it, under a key of its own."""

from __future__ import annotations

import os
import secrets
import stat
import time
import zipfile
from pathlib import Path
from typing import Any, AsyncIterator, Dict

from jupyter_extension.live_session import LiveSession
from jupyter_extension.transfer.zip_stream import CHUNK, ZipStream
from jupyter_extension.workspace.names import from_text, to_text
from jupyter_extension.workspace.scan import Found
from migrator.session.copying import copy_blob
from migrator.session.download import ABOUT, FILES, STATE, describe
from migrator.snapshot import SessionKeys, SnapshotReader, SnapshotWriter
from migrator.snapshot.keys import KEY_BYTES
from migrator.snapshot.workers import in_thread
from migrator.storage import Buffer

JsonDict = Dict[str, Any]
KINDS = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "link": stat.S_IFLNK}
OLDEST = time.mktime((1980, 1, 2, 0, 0, 0, 0, 0, -1))  # a zip file knows no time before
README = """This is a session of Jupyter, as it was when it was downloaded.

files/  your files
state/  the variables of its kernels, and the key that opens them: keep this file as you would keep its content

To go on elsewhere: open the panel "Session" of a Jupyter with the session migrator, and choose "Bring in a download".
On the command line: migrator restore THIS_FILE.zip --connection-file KERNEL.json
"""


class _Entries:
    """The store that a snapshot is written to, as far as a writer needs one: each object becomes an entry of the zip."""

    local = False

    def __init__(self, stream: ZipStream) -> None:
        self._stream = stream

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        await self._stream.add_bytes(STATE + key, data)
        return ""

    async def delete(self, key: str) -> None:
        """What was sent can't be taken back; the file stays without its table of contents."""


async def send(live: LiveSession, stream: ZipStream) -> None:
    """Save, then everything into the stream. Raises what saving raises, TooBig, OSError of a file that can't be read."""
    snapshot = await live.save_now()
    machinery = live.ready()
    reader = await machinery.snapshots.open(snapshot)
    await stream.add_bytes("README.txt", README.encode())
    await _files(live, stream)
    await _state(reader, stream)
    await stream.close()


async def _state(reader: SnapshotReader, stream: ZipStream) -> None:
    """The kernels' parts once more, sealed under the new key, and what of the body another place may know."""
    key, old = secrets.token_bytes(KEY_BYTES), reader.manifest
    writer = SnapshotWriter(_Entries(stream), SessionKeys(key), old.session, epoch=1)  # type: ignore[arg-type]
    try:
        for kernel in old.body["kernels"].values():
            for part in kernel.get("parts", []):
                await copy_blob(reader, writer, part)
        manifest = await writer.commit(_body(old.body))
    finally:
        await writer.abort()
    await stream.add_bytes(STATE + ABOUT, describe(old.session, manifest.snapshot, key, time.time()))


def _body(body: JsonDict) -> JsonDict:
    """Without the server's login, without what ran, and without the files, which lie beside it."""
    return {
        "kernels": {k: {**entry, "salvage": None} for k, entry in body["kernels"].items()},
        "sessions": body["sessions"],
        "terminals": [],
        "files": {**body["files"], "entries": [], "deleted": []},
        "journal": {"epoch": 0, "seq": 0},
        "redo": [],
        "server": {"at": body["server"]["at"]},
    }


async def _files(live: LiveSession, stream: ZipStream) -> None:
    """All below the server's folder but what is never saved: caches and the like. What can't be read is named."""
    workspace = live.ready().workspace
    root, missing = Path(workspace.roots["server"]), []
    for path, found in await workspace.listing("server"):
        info = _entry(FILES + to_text(path), found)
        if found.kind != "file":
            await stream.add(info.filename, _one(from_text(found.target or "").encode()), info)
            continue
        try:
            handle = await in_thread(_open, root / path)
        except OSError as e:
            missing.append(f"{to_text(path)}: {e.strerror}")
            continue
        await stream.add(info.filename, _read(handle), info)
    if missing:
        await stream.add_bytes("NOT-INCLUDED.txt", "\n".join(missing).encode())


def _entry(name: str, found: Found) -> zipfile.ZipInfo:
    at = time.localtime(max(found.mtime_ns / 1e9, OLDEST))[:6]
    info = zipfile.ZipInfo(name + ("/" if found.kind == "dir" else ""), at)
    info.external_attr = (KINDS[found.kind] | found.mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED if found.kind == "file" else zipfile.ZIP_STORED
    return info


async def _one(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


def _open(path: Path) -> int:
    return os.open(str(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


async def _read(handle: int) -> AsyncIterator[bytes]:
    try:
        while True:
            chunk = await in_thread(os.read, handle, CHUNK)
            if not chunk:
                return
            yield chunk
    finally:
        os.close(handle)

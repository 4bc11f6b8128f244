"""Uploads under way: a file that comes in pieces, since proxies limit what one request may hold."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_extension.errors import BadUpload, TooBig

PIECE = 4 * 1024 * 1024
AT_ONCE = 4
FORGOTTEN_S = 3600.0


@dataclass
class Upload:
    """`size` bytes are to come, `have` are here."""

    path: Path
    size: int
    have: int = 0
    touched: float = field(default_factory=time.monotonic)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Uploads:
    """By their names. One that nobody has continued for an hour makes room for others."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: dict[str, Upload] = {}

    def begin(self, size: int) -> str:
        """A name for the upload. Raises TooBig, BadUpload."""
        if size <= 0:
            raise BadUpload("the file is empty")
        for name, upload in list(self._open.items()):
            if time.monotonic() - upload.touched > FORGOTTEN_S:
                self.drop(name)
        if len(self._open) >= AT_ONCE:
            raise TooBig(f"{AT_ONCE} uploads are under way already; end them first")
        check_room(size, tempfile.gettempdir(), self.limit)
        handle, path = tempfile.mkstemp(prefix="session-migrator-upload-", suffix=".zip")
        os.close(handle)
        name = secrets.token_hex(16)
        self._open[name] = Upload(Path(path), size)
        return name

    def find(self, name: str) -> Upload:
        """Raises BadUpload."""
        upload = self._open.get(name)
        if upload is None:
            raise BadUpload("there is no such upload (any more); begin again")
        upload.touched = time.monotonic()
        return upload

    async def add(self, name: str, offset: int, data: bytes) -> int:
        """Append a piece; how many bytes are here. A piece that came already is no error. Raises BadUpload, TooBig."""
        upload = self.find(name)
        async with upload.turn:
            if offset + len(data) <= upload.have:
                return upload.have
            if offset != upload.have:
                raise BadUpload(f"the piece begins at {offset}, and {upload.have} bytes are here")
            if offset + len(data) > upload.size:
                raise TooBig(f"more came than the {upload.size} bytes that were said")
            await asyncio.get_running_loop().run_in_executor(None, _append, upload.path, data)
            upload.have += len(data)
            return upload.have

    def whole(self, name: str) -> Path:
        """The file, once all of it is here. Raises BadUpload."""
        upload = self.find(name)
        if upload.have != upload.size:
            raise BadUpload(f"{upload.have} of {upload.size} bytes are here; send the rest first")
        return upload.path

    def drop(self, name: str) -> None:
        """Give the disk back."""
        upload = self._open.pop(name, None)
        if upload is not None and upload.path.exists():
            upload.path.unlink()

    def close(self) -> None:
        """Drop all."""
        for name in list(self._open):
            self.drop(name)


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def check_room(size: int, folder: str, limit: int) -> None:
    """Raise TooBig if so many bytes may not, or can't, be put here."""
    if size > limit:
        raise TooBig(f"{size} bytes are more than the {limit} that may be brought in")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise TooBig(f"{size} bytes are more than the {free} that are free on the disk")

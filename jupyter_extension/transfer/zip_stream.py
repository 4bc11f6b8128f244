"""Writes a zip file into a connection as it is made: nothing of it is ever whole, in memory or on the disk."""

from __future__ import annotations

import asyncio
import time
import zipfile
from typing import IO, Any, AsyncIterator, Awaitable, Callable, cast

from jupyter_extension.errors import TooBig

Send = Callable[[bytes], Awaitable[None]]
CHUNK = 1024 * 1024


class _Pipe:
    """What zipfile writes to: it can't seek, so that each entry's size follows its data."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class ZipStream:
    """Entries one after the other; several tasks may add some. `limit`: bytes that may be put in (TooBig)."""

    def __init__(self, send: Send, limit: int) -> None:
        self._send, self._left, self._limit = send, limit, limit
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._pipe), "w", zipfile.ZIP_STORED, allowZip64=True)
        self._turn = asyncio.Lock()

    async def add(self, name: str, chunks: AsyncIterator[bytes], info: zipfile.ZipInfo | None = None) -> None:
        """One entry from its chunks."""
        entry = info or zipfile.ZipInfo(name, time.localtime()[:6])
        async with self._turn:
            stream = self._zip.open(entry, "w", force_zip64=True)
            try:
                async for chunk in chunks:
                    await self._write(stream, chunk)
            finally:
                stream.close()
            await self._send(self._pipe.take())

    async def add_bytes(self, name: str, data: Any) -> None:
        """One entry that is in memory already."""

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(data), CHUNK):
                yield bytes(data[start : start + CHUNK])

        await self.add(name, chunks())

    async def close(self) -> None:
        """The table of contents, without which the file is none."""
        self._zip.close()
        await self._send(self._pipe.take())

    async def _write(self, stream: Any, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise TooBig(f"the session has more than the {self._limit} bytes that a download may have")
        await asyncio.get_running_loop().run_in_executor(None, stream.write, chunk)
        await self._send(self._pipe.take())

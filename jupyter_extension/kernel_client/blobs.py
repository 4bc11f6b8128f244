"""Turns the frames of a kernel's stream into blobs of a snapshot, and the base's blobs into a table of check values."""

from __future__ import annotations

from functools import partial
from typing import Callable

from jupyter_extension.kernel import stream
from jupyter_extension.kernel.stream import BasePart, Frame, StreamError
from jupyter_extension.kernel_client.entry import KernelEntry
from migrator.snapshot import Blob, BlobWriter, SnapshotWriter


class PartBlobs:
    """The parts of one kernel on their way into a writer; its blobs are named `prefix` + part."""

    def __init__(self, writer: SnapshotWriter, prefix: str, base: KernelEntry | None) -> None:
        self.prefix = prefix
        self.names: list[str] = []
        self.length = 0
        self._writer = writer
        self._base = _base_blobs(writer, prefix, base)
        self._checked = False
        self._give: Callable[[memoryview], None] = lambda _: None
        self._blob: BlobWriter | None = None
        self._known: Blob | None = None
        self._block = 0

    def table(self) -> bytes:
        """The check values of the base, for the request. Only whole tables: a part without them is not in it."""
        return stream.pack_base({name: part for name, part in map(_checks, self._base.items()) if part is not None})

    def begin(self, *, checked: bool, give: Callable[[memoryview], None]) -> None:
        """A new stream; `checked`: its check values are XXH3-128, fit to be kept. `give` takes payloads back, once read."""
        self._checked = checked
        self._give = give

    async def take(self, frame: Frame) -> None:
        """One frame between HELLO and END. StreamError if it does not fit what came before."""
        if frame.kind == stream.SAME_PART:
            await self._end_part()
            self._same_part(frame.name)
        elif frame.kind == stream.PART:
            await self._end_part()
            self._new_part(frame)
        elif frame.kind == stream.BLOCK:
            await self._new_block(frame)
        elif frame.kind == stream.SAME:
            await self._same_blocks(frame.number)
        else:
            raise StreamError(f"a frame of kind {frame.kind} in the middle of a stream")

    async def end(self) -> None:
        """The stream is complete."""
        await self._end_part()

    def forget(self) -> None:
        """The stream failed: leave out what it brought."""
        for name in self.names:
            self._writer.forget(self.prefix + name)
        self.names, self.length, self._blob = [], 0, None

    def _same_part(self, name: str) -> None:
        blob = self._base.get(name)
        if blob is None:
            raise StreamError(f"the base has no part {name!r}")
        self._writer.keep(self.prefix + name)
        self.names.append(name)
        self.length += blob.length

    def _new_part(self, frame: Frame) -> None:
        self._blob = self._writer.blob(self.prefix + frame.name)
        self._known, self._block = self._base.get(frame.name), 0
        self.names.append(frame.name)
        self.length += int.from_bytes(frame.payload, "little")

    async def _new_block(self, frame: Frame) -> None:
        check = bytes(frame.payload[: frame.number]) if self._checked and frame.number else None
        done = partial(self._give, frame.payload)
        await self._open.block(frame.payload[frame.number :], check, stable=True, done=done)
        self._block += 1

    async def _same_blocks(self, count: int) -> None:
        known = self._known.blocks if self._known is not None else ()
        if self._block + count > len(known):
            raise StreamError("the base does not have that many blocks")
        for ref in known[self._block : self._block + count]:
            await self._open.reuse(ref)
        self._block += count

    async def _end_part(self) -> None:
        if self._blob is not None:
            await self._blob.close()
            self._blob = None

    @property
    def _open(self) -> BlobWriter:
        if self._blob is None:
            raise StreamError("a block outside of a part")
        return self._blob


def _base_blobs(writer: SnapshotWriter, prefix: str, base: KernelEntry | None) -> dict[str, Blob]:
    """The base's blobs by the names of their parts."""
    if base is None or writer.base is None:
        return {}
    blobs = writer.base.blobs
    wanted = [name for name in base.parts if name in blobs and name.startswith(prefix)]
    return {name[len(prefix) :]: blobs[name] for name in wanted}


def _checks(item: tuple[str, Blob]) -> tuple[str, BasePart | None]:
    name, blob = item
    checks = bytes.fromhex("".join(ref.check for ref in blob.blocks))
    regular = all(ref.size == stream.BLOCK_SIZE for ref in blob.blocks[:-1])
    whole = len(checks) == stream.CHECK_SIZE * len(blob.blocks)
    return name, BasePart(blob.length, checks) if regular and whole else None

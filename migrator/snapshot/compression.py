"""Makes blocks smaller where a sample says that it pays. Whether there is time for it, the pipeline knows.

zlib, because every Python that may have to read the block has it; zstandard where its package is there, since it is
several times faster. Whoever writes with it can read it too, and a target of a move runs the same image.
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from typing import Any

from migrator.storage.protocol import Buffer

zstandard: Any
try:
    import zstandard
except ImportError:  # the images of users need not have it
    zstandard = None

SAMPLE_BYTES = 4096
SAMPLES = 3
PAYS_AT = 0.25  # compressed size over plain size
SMALLEST = 256


class Codec(IntEnum):
    """How a block's bytes are stored; a number is never given a new meaning."""

    PLAIN = 0
    ZLIB = 1
    ZSTD = 2


class CodecMissing(Exception):
    """The bytes may be sound, but this Python cannot read them: the message says what is needed."""


def compress(data: Buffer) -> tuple[Codec, Buffer]:
    """Give the bytes to store, and how they are encoded."""
    if len(data) < SMALLEST or not _promising(memoryview(data)):
        return Codec.PLAIN, data
    codec, smaller = _smaller(data)
    return (codec, smaller) if len(smaller) <= len(data) * 2 * PAYS_AT else (Codec.PLAIN, data)


def decompress(codec: int, stored: bytes, size: int) -> bytes:
    """Undo `compress`, giving at most `size` bytes; `ValueError` for what cannot have come from it, or `CodecMissing`."""
    if codec == Codec.PLAIN:
        return stored
    if codec == Codec.ZSTD:
        return _unzstd(stored, size)
    if codec != Codec.ZLIB:
        raise CodecMissing(f"it is stored with codec {codec}, which this version does not know; update it")
    try:
        return zlib.decompressobj().decompress(stored, size)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _smaller(data: Buffer) -> tuple[Codec, bytes]:
    if zstandard is None:
        return Codec.ZLIB, zlib.compress(data, 1)
    smaller: bytes = zstandard.ZstdCompressor(level=1).compress(data)
    return Codec.ZSTD, smaller


def _unzstd(stored: bytes, size: int) -> bytes:
    if zstandard is None:
        raise CodecMissing("it is compressed with zstandard; install the Python package zstandard")
    try:
        if zstandard.frame_content_size(stored) != size:  # a frame gives no more than it says
            raise ValueError("another size than the block's")
        plain: bytes = zstandard.ZstdDecompressor().decompress(stored)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return plain


def _promising(data: memoryview) -> bool:
    if len(data) <= SAMPLE_BYTES * SAMPLES:
        return True
    last = len(data) - SAMPLE_BYTES
    sample = b"".join(data[last * i // (SAMPLES - 1) :][:SAMPLE_BYTES] for i in range(SAMPLES))
    return len(zlib.compress(sample, 1)) <= len(sample) * PAYS_AT

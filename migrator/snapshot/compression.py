"""Decides by a sample whether compressing a block pays, and does it.

zlib, because every Python that may have to read the block has it. At about 50 MB/s on data that shrinks by half it is
slower than any network, and it takes time from the user's kernel; on data that shrinks to a quarter or less (zeros,
small integers, text that repeats) it runs several times faster. So only those are compressed.
"""

from __future__ import annotations

import zlib
from enum import IntEnum

from migrator.storage.protocol import Buffer

SAMPLE_BYTES = 4096
SAMPLES = 3
PAYS_AT = 0.25  # compressed size over plain size
SMALLEST = 256


class Codec(IntEnum):
    """How a block's bytes are stored; a number is never given a new meaning."""

    PLAIN = 0
    ZLIB = 1


def compress(data: Buffer) -> tuple[Codec, Buffer]:
    """Give the bytes to store, and how they are encoded."""
    if len(data) < SMALLEST or not _promising(memoryview(data)):
        return Codec.PLAIN, data
    smaller = zlib.compress(data, 1)
    return (Codec.ZLIB, smaller) if len(smaller) <= len(data) * 2 * PAYS_AT else (Codec.PLAIN, data)


def decompress(codec: int, stored: bytes, size: int) -> bytes:
    """Undo `compress`, giving at most `size` bytes; raises `ValueError` for what cannot have come from it."""
    if codec == Codec.PLAIN:
        return stored
    if codec != Codec.ZLIB:
        raise ValueError(f"unknown codec {codec}")
    try:
        return zlib.decompressobj().decompress(stored, size)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _promising(data: memoryview) -> bool:
    if len(data) <= SAMPLE_BYTES * SAMPLES:
        return True
    last = len(data) - SAMPLE_BYTES
    sample = b"".join(data[last * i // (SAMPLES - 1) :][:SAMPLE_BYTES] for i in range(SAMPLES))
    return len(zlib.compress(sample, 1)) <= len(sample) * PAYS_AT

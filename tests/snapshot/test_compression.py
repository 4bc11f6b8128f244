from __future__ import annotations

import os
import zlib

import pytest

from migrator.snapshot.compression import SMALLEST, Codec, compress, decompress


@pytest.mark.parametrize("data", [b"", b"short", os.urandom(100_000), bytes(range(256))])
def test_what_does_not_shrink_well_stays_as_it_is(data: bytes):
    assert compress(data) == (Codec.PLAIN, data)


@pytest.mark.parametrize("data", [bytes(SMALLEST), b"abc" * 1000, bytes(4 * 2**20)])
def test_what_shrinks_well_comes_back(data: bytes):
    codec, stored = compress(data)
    assert codec == Codec.ZLIB
    assert len(stored) < len(data) / 2
    assert decompress(codec, bytes(stored), len(data)) == data


def test_a_promising_sample_before_noise_is_no_trap():
    data = bytearray(os.urandom(2**20))
    for start in (0, (len(data) - 4096) // 2, len(data) - 4096):
        data[start : start + 4096] = bytes(4096)
    assert compress(bytes(data))[0] == Codec.PLAIN


def test_decompression_is_bounded_and_checked():
    bomb = zlib.compress(bytes(10_000_000))
    assert len(decompress(Codec.ZLIB, bomb, 1000)) == 1000
    with pytest.raises(ValueError, match="unknown codec 9"):
        decompress(9, b"", 0)
    with pytest.raises(ValueError, match="incorrect header"):
        decompress(Codec.ZLIB, b"no zlib", 10)

from __future__ import annotations

import asyncio
import os
import zlib

import pytest

from migrator.snapshot import SessionKeys, compression, open_snapshot, pipeline
from migrator.snapshot.check import SessionCheck
from migrator.snapshot.compression import SMALLEST, Codec, CodecMissing, compress, decompress
from migrator.snapshot.errors import CannotRead
from migrator.snapshot.pack import PACK_BYTES
from migrator.storage import Buffer
from migrator.storage.memory import MemoryStore
from tests.snapshot.building import SESSION, read_all, write


@pytest.mark.parametrize(
    "data", [b"", b"short", os.urandom(100_000), bytes(range(256))], ids=["none", "short", "chance", "all"]
)
def test_what_does_not_shrink_well_stays_as_it_is(data: bytes):
    assert compress(data) == (Codec.PLAIN, data)


@pytest.fixture(params=["zstandard is here", "zstandard is missing"])
def codec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Codec:
    if request.param == "zstandard is here":
        pytest.importorskip("zstandard")
        return Codec.ZSTD
    monkeypatch.setattr(compression, "zstandard", None)
    return Codec.ZLIB


@pytest.mark.parametrize("data", [bytes(SMALLEST), b"abc" * 1000, bytes(4 * 2**20)], ids=["least", "text", "block"])
def test_what_shrinks_well_comes_back(data: bytes, codec: Codec):
    found, stored = compress(data)
    assert found == codec
    assert len(stored) < len(data) / 2
    assert decompress(found, bytes(stored), len(data)) == data


def test_a_promising_sample_before_noise_is_no_trap():
    data = bytearray(os.urandom(2**20))
    for start in (0, (len(data) - 4096) // 2, len(data) - 4096):
        data[start : start + 4096] = bytes(4096)
    assert compress(bytes(data))[0] == Codec.PLAIN


def test_decompression_is_bounded_and_checked():
    bomb = zlib.compress(bytes(10_000_000))
    assert len(decompress(Codec.ZLIB, bomb, 1000)) == 1000
    with pytest.raises(CodecMissing, match="codec 9, which this version does not know; update it"):
        decompress(9, b"", 0)
    with pytest.raises(ValueError, match="incorrect header"):
        decompress(Codec.ZLIB, b"no zlib", 10)


def test_zstandard_is_bounded_and_checked():
    zstandard = pytest.importorskip("zstandard")
    with pytest.raises(ValueError, match="another size"):
        decompress(Codec.ZSTD, zstandard.compress(bytes(10_000_000)), 1000)
    with pytest.raises(ValueError, match="content size"):
        decompress(Codec.ZSTD, b"no zstandard", 12)


async def test_a_reader_without_zstandard_says_what_it_needs(
    store: MemoryStore, keys: SessionKeys, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("zstandard")
    monkeypatch.setattr(pipeline, "QUEUED_BYTES", 0)
    manifest = await write(store, keys, {"a": bytes(2**20)})
    monkeypatch.setattr(compression, "zstandard", None)
    reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
    with pytest.raises(CannotRead, match="install the Python package zstandard"):
        await reader.read("a")
    (fault,) = [fault async for fault in SessionCheck(store, keys, SESSION).faults() if fault.key.startswith("packs/")]
    assert "install the Python package zstandard" in fault.problem


QUEUE = pipeline.QUEUED_BYTES // PACK_BYTES + 1


class WaitingStore(MemoryStore):
    """Packs are taken in only when `go` is set: a network that stalls."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.full = asyncio.Event(), asyncio.Event()
        self._asked = 0

    async def put(self, key: str, data: Buffer, **conditions) -> str:
        self._asked += 1
        if self._asked == QUEUE:
            self.full.set()
        await self.go.wait()
        return await super().put(key, data, **conditions)


@pytest.mark.parametrize("local", [False, True])
async def test_compressed_is_only_what_would_wait_for_a_distant_store(keys: SessionKeys, local: bool):
    store = WaitingStore()
    store.local = local
    blocks = [number.to_bytes(2, "big") * (2**21) for number in range(40)]  # each another content
    writing = asyncio.ensure_future(write(store, keys, {"a": b"".join(blocks)}))
    await store.full.wait()
    store.go.set()
    manifest = await writing
    stored = [ref.stored for ref in manifest.blobs["a"].blocks]
    assert min(stored[:4]) > 4 * 2**20
    assert (min(stored) < 2**20) is not local
    assert await read_all(store, keys, manifest.snapshot) == {"a": b"".join(blocks)}

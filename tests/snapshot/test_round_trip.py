"""Whatever is written comes back, however it was cut, kept, reused or deduplicated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.snapshot import SessionKeys, SnapshotWriter
from migrator.snapshot.blocks import BLOCK_BYTES, check_value
from migrator.storage.memory import MemoryStore
from tests.snapshot.building import SESSION, noise, read_all, write

KEYS = SessionKeys(b"k" * 32)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SIZES = st.one_of(
    st.integers(0, 3000),
    st.sampled_from([BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 17, 65535, 65536]),
)


@dataclass(frozen=True)
class Content:
    """Bytes described by few numbers, so that examples are small: random, or of one value (and so compressible)."""

    size: int
    seed: int

    def bytes(self) -> bytes:
        return bytes([self.seed]) * self.size if self.seed % 2 else noise(self.seed, self.size)


CONTENTS = st.builds(Content, SIZES, st.integers(0, 5))
NAMES = st.text(max_size=8)
BLOBS = st.dictionaries(NAMES, CONTENTS, max_size=5)


@FEW
@given(blobs=BLOBS, body=st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3))
def test_blobs_come_back(blobs: dict[str, Content], body: dict):
    asyncio.run(_check_blobs(blobs, body))


async def _check_blobs(blobs: dict[str, Content], body: dict) -> None:
    store = MemoryStore()
    plain = {name: content.bytes() for name, content in blobs.items()}
    manifest = await write(store, KEYS, plain, body=body)
    assert await read_all(store, KEYS, manifest.snapshot) == plain
    assert manifest.body == body
    assert manifest.state_bytes == sum(map(len, plain.values()))


@FEW
@given(first=BLOBS, second=st.dictionaries(NAMES, st.tuples(st.sampled_from(["keep", "reuse", "write"]), CONTENTS)))
def test_a_snapshot_on_top_of_another(first: dict[str, Content], second: dict[str, tuple[str, Content]]):
    asyncio.run(_check_second(first, second))


async def _check_second(first: dict[str, Content], second: dict[str, tuple[str, Content]]) -> None:
    store = MemoryStore()
    plain = {name: content.bytes() for name, content in first.items()}
    base = await write(store, KEYS, plain)
    writer = SnapshotWriter(store, KEYS, SESSION, epoch=2, base=base)
    expected = {}
    for name, (how, content) in second.items():
        expected[name] = await _second_blob(writer, name, how if name in first else "write", content.bytes(), plain)
    manifest = await writer.commit({"second": True})
    assert await read_all(store, KEYS, manifest.snapshot) == expected
    assert await read_all(store, KEYS, base.snapshot) == plain
    assert manifest.parent == base.snapshot


async def _second_blob(writer: SnapshotWriter, name: str, how: str, new: bytes, old: dict[str, bytes]) -> bytes:
    if how == "keep":
        writer.keep(name)
        return old[name]
    blob = writer.blob(name)
    result = new
    await blob.write(memoryview(bytearray(new)))
    if how == "reuse":
        for ref in writer.base.blobs[name].blocks:
            await blob.reuse(ref)
        result += old[name]
    await blob.close()
    return result


@FEW
@given(pieces=st.lists(st.tuples(st.sampled_from(["write", "block"]), st.integers(0, 9000)), max_size=12))
def test_writes_and_blocks_keep_their_order(pieces: list[tuple[str, int]]):
    asyncio.run(_check_order(pieces))


async def _check_order(pieces: list[tuple[str, int]]) -> None:
    store = MemoryStore()
    writer = SnapshotWriter(store, KEYS, SESSION, epoch=1)
    blob = writer.blob("mixed")
    expected = b""
    for number, (how, size) in enumerate(pieces):
        data = noise(number, size)
        await (blob.write(data) if how == "write" else blob.block(data, check_value(data)))
        expected += data
    await blob.close()
    manifest = await writer.commit({})
    assert await read_all(store, KEYS, manifest.snapshot) == {"mixed": expected}

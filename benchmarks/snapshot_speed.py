"""How fast snapshots are written and read back: `python -m benchmarks.snapshot_speed [--mib N] [--store URL] [--json]`.

Without `--store` a folder under `--folder` (default: the temporary folder) is used and removed. The plain write of the
same bytes with fsync is measured beside it: a store cannot be faster than its disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from migrator.snapshot import SessionKeys, SnapshotWriter, open_snapshot
from migrator.snapshot.manifest import Manifest
from migrator.storage import ObjectStore, open_store, prefixed

SESSION = "benchmark-session"
SMALL_BLOBS = 10_000


class Stopwatch:
    """Seconds by name, printed as they come; and the longest time that the event loop did not run meanwhile."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self.seconds: dict[str, float] = {}
        self._report = report

    @asynccontextmanager
    async def measure(self, name: str) -> AsyncIterator[None]:
        """Time a block of code."""
        watcher = asyncio.create_task(longest_block())
        await asyncio.sleep(0)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        watcher.cancel()
        self.seconds[f"{name}: loop blocked"] = await watcher
        self._report(
            f"{name:34} {self.seconds[name]:7.3f} s   loop blocked {self.seconds[f'{name}: loop blocked'] * 1000:.0f} ms"
        )


async def longest_block() -> float:
    """Give the longest time in which this did not get its turn, until cancelled."""
    longest = 0.0
    try:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.002)
            longest = max(longest, time.perf_counter() - start - 0.002)
    except asyncio.CancelledError:
        return longest


async def measure(store: ObjectStore, size: int, watch: Stopwatch) -> None:
    keys = SessionKeys(SessionKeys.generate())
    data = os.urandom(size)
    first = await write(store, keys, None, data, watch, "first snapshot, random bytes")
    await reuse_all(store, keys, first, watch)
    await write(store, keys, first, data, watch, "same bytes given again (deduplicated)")
    await write(store, keys, None, bytes(size), watch, "zeros")
    await read_back(store, keys, first, data, watch)
    await small_blobs(store, keys, watch)


async def write(
    store: ObjectStore, keys: SessionKeys, base: Manifest | None, data: bytes, watch: Stopwatch, name: str
) -> Manifest:
    async with watch.measure(name):
        writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
        blob = writer.blob("state")
        await blob.write(data)
        await blob.close()
        return await writer.commit({})


async def reuse_all(store: ObjectStore, keys: SessionKeys, base: Manifest, watch: Stopwatch) -> None:
    async with watch.measure("second, every block reused"):
        writer = SnapshotWriter(store, keys, SESSION, epoch=1, base=base)
        blob = writer.blob("state")
        for ref in base.blobs["state"].blocks:
            await blob.reuse(ref)
        await blob.close()
        await writer.commit({})


async def read_back(store: ObjectStore, keys: SessionKeys, manifest: Manifest, data: bytes, watch: Stopwatch) -> None:
    target = bytearray(len(data))
    target[::4096] = bytes(len(target[::4096]))  # the restored kernel's memory is there already
    async with watch.measure("read back into memory"):
        reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
        await reader.read_into("state", memoryview(target))
    assert target == data


async def small_blobs(store: ObjectStore, keys: SessionKeys, watch: Stopwatch) -> None:
    async with watch.measure(f"{SMALL_BLOBS} blobs of 100 bytes"):
        writer = SnapshotWriter(store, keys, SESSION, epoch=1)
        for number in range(SMALL_BLOBS):
            blob = writer.blob(f"kernel/part/{number}")
            await blob.write(b"%0100d" % number)
            await blob.close()
        manifest = await writer.commit({})
    async with watch.measure("reading them one by one"):
        reader = await open_snapshot(store, keys, SESSION, manifest.snapshot)
        for number in range(SMALL_BLOBS):
            assert await reader.read(f"kernel/part/{number}") == b"%0100d" % number


def plain_write(folder: Path, size: int) -> float:
    """Give the seconds of one synced write of `size` bytes by the operating system alone."""
    data = os.urandom(16 * 2**20)
    start = time.perf_counter()
    with (folder / "plain").open("wb") as file:
        for _ in range(size // len(data)):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    (folder / "plain").unlink()
    return time.perf_counter() - start


async def run(args: argparse.Namespace) -> dict[str, float]:
    watch = Stopwatch((lambda line: None) if args.json else print)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        size = args.mib * 2**20
        watch.seconds["plain synced write"] = plain_write(Path(folder), size)
        if not args.json:
            print(f"{'plain synced write':34} {watch.seconds['plain synced write']:7.3f} s")
        store = open_store(args.store or f"file://{folder}/store")
        await measure(prefixed(store, f"sessions/{SESSION}/"), size, watch)
        await store.close()
    watch.seconds["peak memory, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=1024, help="size of the state (default 1024)")
    parser.add_argument("--store", help="a store to write into; what is written stays there")
    parser.add_argument("--folder", help="where the temporary store is made")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    seconds = asyncio.run(run(args))
    print(json.dumps(seconds) if args.json else f"{'peak memory':34} {seconds['peak memory, MiB']:7.0f} MiB")


if __name__ == "__main__":
    main()

"""Reads everything that a session has stored, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import AsyncIterator, Callable

from migrator.snapshot.blocks import DamagedBlock, open_block
from migrator.snapshot.compression import CodecMissing
from migrator.snapshot.errors import SnapshotError
from migrator.snapshot.journal import PREFIX as JOURNAL
from migrator.snapshot.journal import check_whole, journal_key, parse_journal_key, read_journal_object
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef, Manifest, decode_manifest
from migrator.snapshot.pack import read_index
from migrator.snapshot.workers import in_thread
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectInfo, ObjectStore

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Fault:
    """Something wrong: `key` of the object in the store, `problem` in words."""

    session: str
    key: str
    problem: str


class SessionCheck:
    """Checks one session's objects; `progress` is told the key of each object before it is read.

    After `faults` has run to its end, `snapshots` are those that can be restored whole, and `garbage` counts the packs
    that no manifest refers to: no fault, but what a killed writer leaves until it is collected.
    """

    def __init__(
        self, store: ObjectStore, keys: SessionKeys, session_id: str, progress: Progress = lambda key: None
    ) -> None:
        self.snapshots: list[str] = []
        self.garbage = 0
        self._store = store
        self._keys = keys
        self._session = session_id
        self._progress = progress
        self._sound: dict[str, set[BlockRef]] = {}

    async def faults(self) -> AsyncIterator[Fault]:
        """Read all and give the faults; each object is named once, and each manifest that suffers from it."""
        manifests = [info async for info in self._store.list("manifests/")]  # before the packs that they need
        infos = [info async for info in self._store.list("")]
        async for fault in self._pack_faults(infos):
            yield fault
        async for fault in self._manifest_faults(manifests):
            yield fault
        async for fault in self._journal_faults(infos):
            yield fault
        for info in infos:
            if info.key.split("/")[0] not in ("packs", "manifests", "journal"):
                yield self._fault(info.key, "is nothing that belongs to a session; who put it there?")

    async def _pack_faults(self, infos: list[ObjectInfo]) -> AsyncIterator[Fault]:
        for info in _under(infos, "packs/"):
            self._progress(info.key)
            pack = info.key.partition("/")[2]
            try:
                data = await self._store.get(info.key)
                sound, problems = await in_thread(self._read_pack, data, pack)
            except NotFound:
                continue  # collected while this was at work; if a manifest needs it, that is said below
            except SnapshotError as error:
                yield self._fault(info.key, str(error))
                continue
            self._sound[pack] = sound
            for problem in problems:
                yield self._fault(info.key, problem)

    def _read_pack(self, data: bytes, pack: str) -> tuple[set[BlockRef], list[str]]:
        sound: set[BlockRef] = set()
        problems = []
        for ref in read_index(data, self._keys, self._session, pack):
            stored = memoryview(data)[ref.offset : ref.offset + ref.stored]
            try:
                open_block(self._keys, self._session, bytes.fromhex(ref.id), stored, ref.size)
            except CodecMissing as error:
                problems.append(f"block {ref.id[:12]} cannot be read here: {error}")
            except DamagedBlock as error:
                problems.append(f"block {ref.id[:12]} at byte {ref.offset} is damaged: {error}")
            else:
                sound.add(ref)
        return sound, problems

    async def _manifest_faults(self, infos: list[ObjectInfo]) -> AsyncIterator[Fault]:
        needed: set[str] = set()
        for info in infos:
            self._progress(info.key)
            snapshot = info.key.partition("/")[2]
            try:
                data = await self._store.get(info.key)
                manifest = decode_manifest(data, self._keys, self._session, snapshot)
            except NotFound:
                continue  # collected while this was at work
            except SnapshotError as error:
                yield self._fault(info.key, str(error))
                continue
            needed |= manifest.packs()
            problem = self._missing(manifest)
            if not problem:
                self.snapshots.append(snapshot)
            elif await self._is_there(info.key):
                yield self._fault(info.key, problem)
        self.garbage = len(set(self._sound) - needed)

    async def _is_there(self, key: str) -> bool:
        """Tell whether a manifest was not just collected together with its packs."""
        try:
            await self._store.head(key)
        except NotFound:
            return False
        return True

    def _missing(self, manifest: Manifest) -> str:
        for name, blob in manifest.blobs.items():
            for ref in blob.blocks:
                if ref not in self._sound.get(ref.pack, ()):
                    return f"blob {name!r} needs block {ref.id[:12]} of packs/{ref.pack}, which is missing or damaged"
        return ""

    async def _journal_faults(self, infos: list[ObjectInfo]) -> AsyncIterator[Fault]:
        places: list[tuple[int, int]] = []
        for info in _under(infos, JOURNAL):
            self._progress(info.key)
            try:
                places.append(parse_journal_key(info.key))
                await read_journal_object(self._store, self._keys, self._session, places[-1])
            except NotFound:
                continue  # collected while this was at work
            except SnapshotError as error:
                yield self._fault(info.key, str(error))
        if places:
            try:
                check_whole(sorted(places), (min(places)[0], min(places)[1] - 1))
            except SnapshotError as error:
                yield self._fault(journal_key(*min(places)), str(error))

    def _fault(self, key: str, problem: str) -> Fault:
        return Fault(self._session, key, problem)


def _under(infos: list[ObjectInfo], prefix: str) -> list[ObjectInfo]:
    return [info for info in infos if info.key.startswith(prefix)]

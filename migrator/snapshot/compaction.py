"""Moves the last few blocks that are needed out of packs that are mostly dead, so that those packs can be collected.

It is the writer that does it, for the snapshot that it is about to commit: blocks are copied as they are, still
encrypted, into new packs, and the new manifest refers to the copies. Nothing that exists is changed: earlier snapshots,
other writers and readers keep the old pack, which is collected once no manifest refers to it. A crash leaves the
copies as packs that nothing needs, like any other.
"""

from __future__ import annotations

import secrets
from typing import Iterable

from migrator.snapshot import envelope
from migrator.snapshot.keys import SessionKeys
from migrator.snapshot.manifest import BlockRef
from migrator.snapshot.pack import PACK_BYTES, Pack, pack_key
from migrator.snapshot.segments import Segment, plan
from migrator.snapshot.workers import in_thread
from migrator.storage.protocol import ObjectStore

LIVE_SHARE = 0.3  # of a pack's bytes; with less it is rewritten
MOST_BYTES = PACK_BYTES - 64 * 1024  # copied for one snapshot: one pack, so that no snapshot takes long
ASKED = 8  # packs whose size is asked for each time, drawn by lot; most are known by the blocks that are left in them
_RANDOM = secrets.SystemRandom()
_ROW_BYTES = 64  # of the index, for each block: an upper bound


async def compact(
    store: ObjectStore, keys: SessionKeys, session: str, refs: Iterable[BlockRef]
) -> dict[BlockRef, BlockRef]:
    """Copy what is live in mostly dead packs among those of `refs`; gives where each block is now, once it is durable.

    Raises what the store raises, `NotFound` included; then nothing refers to what was written.
    """
    moving = await _mostly_dead(store, refs)
    if not moving:
        return {}
    segments = await in_thread(plan, moving)
    ranges = {segment: await _read(store, segment) for segment in dict.fromkeys(segments[ref] for ref in moving)}
    return await _copy(store, keys, session, {ref: (segments[ref], ranges[segments[ref]]) for ref in moving})


async def _mostly_dead(store: ObjectStore, refs: Iterable[BlockRef]) -> list[BlockRef]:
    """The live blocks of the packs that are worth it, the emptiest first, as many as fit."""
    live: dict[str, set[BlockRef]] = {}
    for ref in refs:
        live.setdefault(ref.pack, set()).add(ref)
    held = {pack: sum(ref.stored for ref in found) for pack, found in live.items()}
    small = [pack for pack in live if held[pack] < LIVE_SHARE * PACK_BYTES]
    dead = {pack for pack in small if held[pack] < LIVE_SHARE * max(ref.offset + ref.stored for ref in live[pack])}
    unknown = [pack for pack in small if pack not in dead]
    for pack in _RANDOM.sample(unknown, min(ASKED, len(unknown))):
        if held[pack] < LIVE_SHARE * (await store.head(pack_key(pack))).size:
            dead.add(pack)
    chosen: list[BlockRef] = []
    room = MOST_BYTES
    for pack in sorted(dead, key=held.__getitem__):
        room -= held[pack] + _ROW_BYTES * len(live[pack])
        if room < 0:
            break
        chosen += sorted(live[pack], key=lambda ref: ref.offset)
    return chosen


async def _read(store: ObjectStore, segment: Segment) -> bytes:
    return await store.get(pack_key(segment.pack), start=segment.start, length=segment.length)


async def _copy(
    store: ObjectStore, keys: SessionKeys, session: str, blocks: dict[BlockRef, tuple[Segment, bytes]]
) -> dict[BlockRef, BlockRef]:
    size = sum(ref.stored + _ROW_BYTES for ref in blocks)
    pack = Pack(bytearray(size + envelope.OVERHEAD + 64))
    moved: dict[BlockRef, BlockRef] = {}
    for ref, (segment, data) in blocks.items():
        start = ref.offset - segment.start
        stored = data[start : start + ref.stored]
        if len(stored) != ref.stored:  # a pack cut short: the copy would hide the damage
            continue
        new = pack.reserve(bytes.fromhex(ref.id), bytes.fromhex(ref.check), ref.stored, ref.size)
        pack.buffer[new.offset : new.offset + new.stored] = stored
        moved[ref] = new
    if moved:
        await store.put(pack_key(pack.id), await in_thread(pack.finish, keys, session))
    return moved

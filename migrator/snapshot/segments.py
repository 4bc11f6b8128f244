"""Plans what to ask the store for: neighbouring blocks of a pack are fetched in one request.

Ten thousand small blobs must not cost ten thousand requests, and a large one should be read in large pieces.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from migrator.snapshot.manifest import BlockRef

SEGMENT_BYTES = 8 * 1024 * 1024 + 4096  # two whole blocks
GAP_BYTES = 64 * 1024  # reading over a gap of this size is cheaper than another request


class Segment(NamedTuple):
    """A range of one pack."""

    pack: str
    start: int
    length: int


def plan(refs: Iterable[BlockRef]) -> dict[BlockRef, Segment]:
    """Assign each block to the one segment that holds it."""
    by_pack: dict[str, list[BlockRef]] = {}
    for ref in set(refs):
        by_pack.setdefault(ref.pack, []).append(ref)
    planned: dict[BlockRef, Segment] = {}
    for pack, members in by_pack.items():
        members.sort(key=lambda ref: ref.offset)
        for group in _groups(members):
            end = max(ref.offset + ref.stored for ref in group)
            segment = Segment(pack, group[0].offset, end - group[0].offset)
            planned.update((ref, segment) for ref in group)
    return planned


def _groups(members: list[BlockRef]) -> Iterable[list[BlockRef]]:
    group: list[BlockRef] = []
    for ref in members:
        if group:
            last = group[-1]
            far = ref.offset - (last.offset + last.stored) > GAP_BYTES
            if far or ref.offset + ref.stored - group[0].offset > SEGMENT_BYTES:
                yield group
                group = []
        group.append(ref)
    if group:
        yield group

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.snapshot.manifest import BlockRef
from migrator.snapshot.segments import GAP_BYTES, SEGMENT_BYTES, Segment, plan


def ref(pack: str, offset: int, stored: int) -> BlockRef:
    return BlockRef("00" * 32, pack, offset, stored, stored, "00" * 16)


def test_neighbours_are_one_request_and_strangers_are_not():
    near, next_to_it, far = ref("p", 6, 100), ref("p", 106, 50), ref("p", 156 + GAP_BYTES + 1, 9)
    other = ref("q", 6, 100)
    assert plan([far, other, next_to_it, near, near]) == {
        near: Segment("p", 6, 150),
        next_to_it: Segment("p", 6, 150),
        far: Segment("p", far.offset, 9),
        other: Segment("q", 6, 100),
    }


@given(st.lists(st.tuples(st.sampled_from("pq"), st.integers(1, 5_000_000), st.integers(0, 200_000)), max_size=40))
def test_each_block_lies_in_its_segment(layout: list[tuple[str, int, int]]):
    ends = {"p": 6, "q": 6}
    refs = []
    for pack, stored, gap in layout:
        refs.append(ref(pack, ends[pack] + gap, stored))
        ends[pack] += gap + stored
    for each, segment in plan(refs).items():
        assert segment.pack == each.pack
        assert segment.start <= each.offset
        assert each.offset + each.stored <= segment.start + segment.length <= ends[each.pack]
        assert segment.length <= SEGMENT_BYTES

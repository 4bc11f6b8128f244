"""The look at plain objects: it sees every change, and whatever may be shared."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_extension.kernel import forking

NOTHING: frozenset[int] = frozenset()
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=5), st.binary(max_size=5)
)  # fmt: skip
KEYS = st.one_of(st.integers(), st.text(max_size=5), st.tuples(st.integers(), st.text(max_size=2)))
PLAIN = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5), st.sets(KEYS, max_size=3), st.tuples(inner, inner)
    ),
    max_leaves=30,
)  # fmt: skip


def survey(value: Any, barred: frozenset[int] = NOTHING) -> Any:
    assert forking.survey is not None, "built without the survey"
    return forking.survey(value, barred)


def digest(value: Any) -> bytes:
    return bytes(survey(value)[0])


@given(PLAIN)
def test_a_second_look_is_like_the_first_and_changes_no_reference_count(value: Any) -> None:
    box = [value]
    before = sys.getrefcount(box)
    first = digest([box])
    assert digest(box) != first
    assert digest([box, box]) != first
    assert digest(box) == digest(box)
    assert sys.getrefcount(box) == before


def _dictionary() -> Any:
    return {"a": [1], "b": [2]}


def _reordered(value: Any) -> None:
    value["a"] = value.pop("a")


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "an item": (lambda: [1, 2, 3], lambda value: value.__setitem__(1, 7)),
    "a number deep inside": (lambda: [[[1.5]] for _ in range(100)], lambda value: value[50][0].__setitem__(0, 2.5)),
    "a large number": (lambda: [1 << 90], lambda value: value.__setitem__(0, (1 << 90) + (1 << 61) - 1)),
    "one more": (lambda: [1, 2], lambda value: value.append(3)),
    "one less": (lambda: [1, 2], lambda value: value.pop()),
    "the order": (_dictionary, _reordered),
    "a value of a dict": (_dictionary, lambda value: value.__setitem__("a", [3])),
    "a key": (lambda: {"a": 1}, lambda value: value.update(c=1) or value.pop("a")),
    "a member of a set": (lambda: [{1, 2}], lambda value: value[0].add(3)),
    "a byte": (lambda: [bytearray(b"abc")], lambda value: value[0].__setitem__(1, 0)),
    "a text": (lambda: ["ab" * 3], lambda value: value.__setitem__(0, "ac" * 3)),
    "a sign": (lambda: [0.0], lambda value: value.__setitem__(0, -0.0)),
    "equal, but another": (lambda: [[1], [1]], lambda value: value.__setitem__(1, value[0])),
    "true for one": (lambda: [1], lambda value: value.__setitem__(0, True)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_seen(what: str) -> None:
    make, change = CHANGES[what]
    value = make()
    before = digest(value)
    change(value)
    assert digest(value) != before


def test_a_new_number_at_a_former_ones_address_is_seen() -> None:
    """Numbers are freed and made anew in the same place all the time."""
    value, addresses, digests = [0.5], set(), set()
    for number in range(1000):
        value[0] = number + 0.25
        addresses.add(id(value[0]))
        digests.add(digest(value))
    assert len(addresses) < 1000
    assert len(digests) == 1000


def test_what_something_outside_holds_is_named() -> None:
    inner, pair = [1], (1, [2])
    value = [[0], inner, {"k": pair}, inner]
    assert {id(each) for each in survey(value)[1]} == {id(value), id(inner), id(pair)}
    del pair
    assert {id(each) for each in survey(value)[1]} == {id(value), id(inner)}


def text(number: int = 0) -> str:
    return f"text {number}"  # made now: a literal is held by the code, too


def texts(value: Any) -> list[str] | None:
    found: list[str] | None = survey(value)[2]
    return found


def test_a_tree_is_told_from_what_holds_something_twice() -> None:
    inner = [1]
    assert texts([[1.5, 7, None, True, "x", [number]] for number in range(3)]) == []
    assert texts([text(), {1: (2, [3])}, [text()]]) == []
    assert texts([inner, inner]) is None
    assert texts([{1: inner}]) is None
    cycle: list[Any] = []
    cycle.append(cycle)
    assert texts(cycle) is None


def test_texts_that_are_held_more_than_once_are_named_unless_they_are_very_many() -> None:
    key, other = text(1), text(2)
    assert texts([{key: text(), other: 1}, {key: text()}]) == [key, other]
    letter, kana = chr(ord("a")), chr(0x3042)
    assert texts([letter, letter, kana, kana]) == [kana]
    many = [text(number) for number in range(1001)]
    assert texts([many[:1000]]) == many[:1000]
    assert texts([many[:1001]]) is None


@pytest.mark.parametrize("odd", [object(), len, int, range(3), [].__iter__(), type("Text", (str,), {})("x"), sys])
def test_anything_else_in_it_is_left_to_the_pickler(odd: Any) -> None:
    assert survey([1, {"k": (odd,)}]) is None
    assert survey([1, {"k": ("even",)}]) is not None


def test_what_is_barred_is_left_to_the_pickler() -> None:
    inner = [1]
    assert survey([[inner]], frozenset([id(inner)])) is None


def test_cycles_and_depth_end() -> None:
    value: list[Any] = []
    value.append(value)
    assert digest(value) == digest(value)
    deep: list[Any] = []
    for _ in range(1_000_000):
        deep = [deep]
    assert digest(deep) == digest(deep)
    while deep:  # freed step by step: not every Python frees a deep list without a deep stack
        deep = deep.pop()


def _hash_of(text: str) -> int:
    """What the text knows of its own hash; -1 if nobody has asked for it."""
    return ctypes.c_ssize_t.from_address(id(text) + 24).value


def test_texts_are_read_and_not_written_to() -> None:
    """Each page that a forked child writes to is copied."""
    texts = [f"{number:0{length}}" for number, length in enumerate((2, 8, 64, 65, 5000))]
    assert survey(texts) is not None
    assert [_hash_of(text) for text in texts] == [-1] * 5
    assert hash(texts[0]) == _hash_of(texts[0])


@pytest.mark.parametrize("length", [2, 7, 8, 9, 63, 64, 65, 5000])
@pytest.mark.parametrize("at", [0, -1])
def test_every_byte_of_a_text_counts(length: int, at: int) -> None:
    texts = [f"{7:0{length}}"]
    before = digest(texts)
    ctypes.memmove(id(texts[0]) + sys.getsizeof(texts[0]) - 1 - length + at % length, b"x", 1)
    assert texts[0][at] == "x"
    assert digest(texts) != before

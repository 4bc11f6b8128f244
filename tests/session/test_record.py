from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.session import BadRecord, Event, Owner, Record, Target
from migrator.session.record import PHASES

TIMES = st.floats(0, 1e12)
MEMBERS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
ADDRESSES = st.none() | st.text()
RECORDS = st.builds(
    Record,
    id=st.from_regex(r"[a-z0-9][a-z0-9-]{7,62}", fullmatch=True),
    epoch=st.integers(1, 10**9),
    phase=st.sampled_from(PHASES),
    owner=st.none() | st.builds(Owner, MEMBERS, st.text(), ADDRESSES, TIMES),
    target=st.none() | st.builds(Target, MEMBERS, st.text(), ADDRESSES),
    snapshot=st.none() | st.text(),
    snapshot_at=st.none() | TIMES,
    state_bytes=st.integers(0, 2**50),
    user=st.text(),
    image=st.text(),
    link=st.text(),
    sealed=st.text(),
    timeline=st.lists(st.builds(Event, TIMES, st.text(), st.dictionaries(st.text(), st.integers()))).map(tuple),
    retention_s=TIMES,
    created=TIMES,
    updated=TIMES,
)


def example(**changes: object) -> dict:
    return {**Record("a-test-session", 1, "active", owner=Owner("a", "/user/x/")).to_json(), **changes}


@given(RECORDS)
def test_records_come_back(record: Record):
    assert Record.from_bytes(record.to_bytes()) == record


def test_fields_of_a_later_version_are_kept():
    value = example(later={"x": [1]}, another=None)
    record = Record.from_json(value)
    assert record.more == {"later": {"x": [1]}, "another": None}
    assert json.loads(record.to_bytes()) == value


def test_the_written_form():
    assert set(example()) == {"version", "id", "epoch", "phase", "owner", "target", "snapshot", "snapshot_at", "notebooks", "user",
                              "state_bytes", "image", "link", "sealed", "timeline", "retention_s", "created",
                              "updated"}  # fmt: skip
    assert example()["owner"] == {"member": "a", "server": "/user/x/", "address": None, "since": 0.0}


def test_what_is_optional_may_be_missing():
    record = Record.from_json({"version": 1, "id": "a-test-session", "epoch": 1, "phase": "starting"})
    assert record == Record("a-test-session", 1, "starting")


BAD = [
    {"version": 2}, {"version": None}, {"id": "../x"}, {"id": None}, {"epoch": 0}, {"epoch": "1"}, {"epoch": True},
    {"epoch": 1.5}, {"phase": "dreaming"}, {"owner": "a"}, {"owner": {"member": "../a", "server": "/"}},
    {"owner": {"member": "a"}}, {"owner": {"member": "a", "server": 1}}, {"target": {"member": "a", "server": "/", "address": 5}},
    {"snapshot": 5}, {"timeline": {}}, {"timeline": [{"at": "now", "event": "x"}]}, {"timeline": ["x"]}, {"timeline": [{"at": 1}]},
    {"timeline": [{"at": 1, "event": "x", "detail": [1]}]}, {"retention_s": "long"}, {"user": None}, {"created": None},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=str)
def test_a_malformed_record_is_refused(change: dict):
    with pytest.raises(BadRecord, match="malformed"):
        Record.from_json(example(**change))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b'"x"'])
def test_what_is_no_record_is_refused(data: bytes):
    with pytest.raises(BadRecord):
        Record.from_bytes(data)


def test_a_record_without_an_id_is_refused():
    value = example()
    del value["id"]
    with pytest.raises(BadRecord, match="id"):
        Record.from_json(value)

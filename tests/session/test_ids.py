from __future__ import annotations

import pytest

from migrator.session import BadId, check_member, check_session_id, new_session_id

BAD_SESSIONS = ["", "short", "../../etc", "sessions/../x", "UPPERCASE1", "-leading-dash", "a" * 64, "with\nnewline1",
                "with\0nul-byte", "spaces in it", "schön-gemacht", "abcdefgh\n", None, 12345678]  # fmt: skip


@pytest.mark.parametrize("text", ["a-session", "0" * 63, "00000000", "abc-" * 4])
def test_good_ids(text: str):
    assert check_session_id(text) == text


@pytest.mark.parametrize("text", BAD_SESSIONS)
def test_bad_ids_are_refused_with_what_they_should_be(text: object):
    with pytest.raises(BadId, match="is no session id: it has 8 to 63 lower-case letters") as error:
        check_session_id(text)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("text", ["", "A", "a/b", "..", "-a", "a" * 33, "a\x1b[31m", "a\n"])
def test_bad_members_are_refused(text: str):
    with pytest.raises(BadId, match="is no member name") as error:
        check_member(text)
    assert str(error.value).isprintable()


def test_a_long_id_is_shown_in_part():
    with pytest.raises(BadId) as error:
        check_session_id("x" * 100_000)
    assert len(str(error.value)) < 300


def test_new_ids_are_valid_and_differ():
    ids = {new_session_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(check_session_id(each) == each for each in ids)
    assert check_member("member-1") == "member-1"

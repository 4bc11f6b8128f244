from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.session import BadId, BadToken
from migrator.session.tokens import KINDS, Token, issue, verify

SECRET = b"s" * 32
SESSION = "a-test-session"


@given(st.sampled_from(KINDS), st.from_regex(r"[a-z0-9][a-z0-9-]{7,62}", fullmatch=True), st.integers(1, 10**9))
def test_what_was_issued_is_verified(kind: str, session: str, epoch: int):
    assert verify(SECRET, issue(SECRET, kind, session, epoch)) == Token(kind, session, epoch)


def test_another_secret_is_refused():
    with pytest.raises(BadToken, match="not valid"):
        verify(b"t" * 32, issue(SECRET, "session", SESSION, 1))


@pytest.mark.parametrize(
    ("old", "new"), [("session.", "control."), (".1.", ".2."), ("a-test", "b-test"), ("v1.", "v2.")]
)
def test_no_part_can_be_changed(old: str, new: str):
    token = issue(SECRET, "session", SESSION, 1)
    assert old in token
    with pytest.raises(BadToken):
        verify(SECRET, token.replace(old, new, 1))


@given(st.text(max_size=400))
def test_any_text_is_refused(text: str):
    with pytest.raises(BadToken):
        verify(SECRET, text)


@given(st.integers(0, 100), st.characters())
def test_any_changed_character_is_refused(place: int, character: str):
    token = issue(SECRET, "control", SESSION, 12)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadToken):
            verify(SECRET, changed)


def test_only_sensible_tokens_are_issued():
    with pytest.raises(ValueError, match="none of"):
        issue(SECRET, "root", SESSION, 1)
    with pytest.raises(ValueError, match="at least 1"):
        issue(SECRET, "session", SESSION, 0)
    with pytest.raises(BadId):
        issue(SECRET, "session", "../x", 1)


def test_a_signed_token_of_an_unknown_version_or_shape_is_refused():
    from migrator.session import tokens

    for text in (f"v9.session.{SESSION}.1", f"v1.root.{SESSION}.1", f"v1.session.{SESSION}", "v1.session.BAD.1",
                 f"v1.session.{SESSION}.one"):  # fmt: skip
        with pytest.raises(BadToken):
            verify(SECRET, f"{text}.{tokens._signature(SECRET, text)}")

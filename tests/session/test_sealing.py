from __future__ import annotations

import base64

import pytest

from migrator.session import NotSealed
from migrator.session.sealing import Secrets, seal, unseal

SECRET = b"a federation secret of any length, say 60 bytes or so it goes"
SESSION = "a-test-session"
CONTENT = Secrets(b"k" * 32, "a-token", {"image": "x", "nested": {"a": [1, None]}})


def test_what_is_sealed_opens():
    assert unseal(SECRET, SESSION, seal(SECRET, SESSION, CONTENT)) == CONTENT


def test_it_shows_nothing():
    sealed = base64.b64decode(seal(SECRET, SESSION, CONTENT))
    assert b"token" not in sealed
    assert base64.b64encode(CONTENT.key) not in sealed
    assert "token" not in repr(CONTENT)
    assert "kkkk" not in repr(CONTENT)


@pytest.mark.parametrize(("secret", "session"), [(b"x" * 32, SESSION), (SECRET, "another-session")])
def test_it_opens_with_its_secret_and_in_its_record_only(secret: bytes, session: str):
    with pytest.raises(NotSealed, match="same federation secret"):
        unseal(secret, session, seal(SECRET, SESSION, CONTENT))


@pytest.mark.parametrize("sealed", ["", "!!", "AAAA", base64.b64encode(b"\x01" + bytes(40)).decode()])
def test_damage_is_told(sealed: str):
    with pytest.raises(NotSealed):
        unseal(SECRET, SESSION, sealed)

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from migrator.session.key_files import BadKeyFile, read_federation_secret, read_session_key

KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "content",
    [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n", base64.b64encode(KEY), base64.urlsafe_b64encode(KEY),
     base64.b64encode(KEY).rstrip(b"=") + b"\n"],
)  # fmt: skip
def test_each_form(tmp_path: Path, content: bytes):
    (tmp_path / "key").write_bytes(content)
    assert read_session_key(tmp_path / "key") == KEY


@pytest.mark.parametrize("content", [b"", b"short", KEY + b"x", b"ab" * 31, base64.b64encode(KEY[:-1]), b"\xff" * 40])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(BadKeyFile, match="holds no key: it needs 32 bytes"):
        read_session_key(tmp_path / "key")


def test_a_federation_secret_is_the_text_itself(tmp_path: Path):
    (tmp_path / "secret").write_bytes(b" " + b"ab" * 32 + b"\n")
    assert read_federation_secret(tmp_path / "secret") == b"ab" * 32

"""A server without a control plane takes its key in the same forms as the command line, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_extension.errors import BadSetup
from jupyter_extension.link import StandaloneLink

KEY = bytes(range(32))


@pytest.mark.parametrize("content", [KEY, KEY.hex().encode() + b"\n"])
async def test_the_key_is_read_as_the_command_line_reads_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    link = StandaloneLink("memory:", str(tmp_path / "key"), "local-session")
    assert (await link.session()).key == KEY


@pytest.mark.parametrize(
    ("file", "session", "words"),
    [
        ("none", "local-session", "key_file .* can't be read"),
        ("short", "local-session", "it needs 32 bytes"),
        ("key", "../../x", "is not a session id"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, file: str, session: str, words: str) -> None:
    (tmp_path / "short").write_bytes(b"too short")
    (tmp_path / "key").write_bytes(KEY)
    with pytest.raises(BadSetup, match=words):
        StandaloneLink("memory:", str(tmp_path / file), session)

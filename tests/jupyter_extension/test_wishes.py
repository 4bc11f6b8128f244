"""What becomes of a wish before the hub hears of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from jupyter_extension.errors import WishRefused
from jupyter_extension.feed import Feed
from jupyter_extension.link import StandaloneLink
from jupyter_extension.restore.copied import shares_home
from jupyter_extension.status import Status
from jupyter_extension.wishes import Wishes


def wishes(tmp_path: Path, home: Path) -> Wishes:
    """Of a session that has a store and no hub."""
    (tmp_path / "key").write_bytes(bytes(32))
    link = StandaloneLink("memory:", str(tmp_path / "key"), "local-session")
    return Wishes(link, Status(Feed(), "local-session"), str(home), logging.getLogger("test"))


async def test_a_home_that_cannot_be_written_to_is_said_before_anything_is_copied(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("no folder")
    with pytest.raises(WishRefused, match=r"home folder can't be written to \(Not a directory\)"):
        await wishes(tmp_path, home).copy()


async def test_a_copy_on_the_same_home_finds_that_it_is_shared(tmp_path: Path) -> None:
    with pytest.raises(WishRefused, match="There is no hub"):
        await wishes(tmp_path, tmp_path).copy()
    assert shares_home(str(tmp_path), "local-session")
    assert not shares_home(str(tmp_path), "another-session")

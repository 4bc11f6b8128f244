from __future__ import annotations

from jupyter_extension.restore.relocate import moved_roots, relocated


def test_only_what_moved_is_followed_and_the_inner_root_first() -> None:
    moved = moved_roots(
        {"home": "/a", "server": "/a/work", "extra:/srv": "/srv"}, {"home": "/b", "server": "/w", "extra:/srv": "/srv"}
    )
    assert moved == [("/a/work", "/w"), ("/a", "/b")]
    assert relocated("/a/work/x", moved) == "/w/x"
    assert relocated("/a", moved) == "/b"
    assert relocated("/a/workshop", moved) == "/b/workshop"
    assert relocated("/abc", moved) == "/abc"

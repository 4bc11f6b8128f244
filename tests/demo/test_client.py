"""What the demo's command says when it cannot know which session is meant."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.demo.client import Demo
from migrator.demo.errors import DemoError
from migrator.demo.state import DemoState


class Seen(Demo):
    """A demo with these sessions."""

    def __init__(self, sessions: list[dict[str, Any]]) -> None:
        super().__init__(DemoState(0, 0.0, "", "", "", ""))
        self._sessions = sessions

    async def sessions(self) -> list[dict[str, Any]]:
        return self._sessions


@pytest.mark.parametrize(
    ("sessions", "words"),
    [([], "open the link that `migrator demo` has printed"), ([{"id": "one"}, {"id": "two"}], r"2 \(one, two\)")],
)
async def test_no_session_and_too_many_are_told_apart(sessions: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(DemoError, match=words):
        await Seen(sessions).only_session()

"""What a demo tells whoever started it; that it prints its addresses for real is tested in `test_demo.py`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from migrator.demo import running
from migrator.demo.federation import Federation

PLAN = SimpleNamespace(
    redirector_url="http://127.0.0.1:1", status_url="http://127.0.0.1:2", status_token="t", folder="/f"
)


@pytest.mark.parametrize(
    ("browser", "display", "opened"), [(True, ":0", True), (True, "", False), (False, ":0", False)]
)
def test_a_browser_is_opened_where_there_is_one(
    browser: bool, display: str, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[Any] = []
    monkeypatch.setattr(running.webbrowser, "open", urls.append)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    running._announce(cast("Federation", SimpleNamespace(plan=PLAN)), browser=browser)
    assert urls == (["http://127.0.0.1:2/?token=t", PLAN.redirector_url + running.EXAMPLE] if opened else [])

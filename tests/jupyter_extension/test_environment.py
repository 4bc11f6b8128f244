"""What the launcher says to the extension, and what must not stay where kernels inherit it."""

from __future__ import annotations

import pytest
from traitlets.config import Config

from jupyter_extension.app import SessionMigrator
from jupyter_extension.environment import take_environment
from jupyter_extension.errors import BadSetup

GIVEN = {
    "MIGRATOR_GATEWAY_URL": "http://gateway/",
    "MIGRATOR_SESSION_ID": "a-session",
    "MIGRATOR_SESSION_TOKEN": "s",
    "MIGRATOR_CONTROL_TOKEN": "c",
    "MIGRATOR_MEMBER": "a",
    "MIGRATOR_RESUME_URL": "https://front/resume/t",
    "MIGRATOR_GRACE_S": "60",
}


def test_all_of_it_is_taken_and_nothing_left() -> None:
    environ = {**GIVEN, "PATH": "/bin"}
    taken = take_environment(environ)
    assert taken is not None
    assert (taken.gateway_url, taken.session, taken.grace_s) == ("http://gateway", "a-session", 60.0)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIGRATOR_SESSION_TOKEN", ""),
        ("MIGRATOR_SESSION_ID", "../x"),
        ("MIGRATOR_RESUME_URL", "javascript:x"),
        ("MIGRATOR_GRACE_S", "a minute"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetup, match=name):
        take_environment({**GIVEN, name: value})


@pytest.mark.parametrize(
    ("grace", "settings", "limit"),
    [("60", {}, 55.0), ("4", {}, 2.0), ("", {}, 20.0), ("60", {"stop_limit_s": 7.0}, 7.0)],
    ids=["most of the grace", "half of a short one", "nobody says", "set by somebody"],
)
def test_the_last_snapshot_may_take_what_the_grace_leaves(
    monkeypatch: pytest.MonkeyPatch, grace: str, settings: dict[str, float], limit: float
) -> None:
    for name, value in {**GIVEN, "MIGRATOR_GRACE_S": grace}.items():
        monkeypatch.setenv(name, value)
    extension = SessionMigrator(config=Config({"SessionMigrator": settings}))
    link, _ = extension._link()
    assert link is not None
    link.close()
    assert extension.stop_limit_s == limit

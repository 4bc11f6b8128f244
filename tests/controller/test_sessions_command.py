"""`migrator sessions` against a real controller."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import main
from tests.controller.conftest import Federation
from tests.rigs.ports import free_ports


@pytest.fixture
def command(federation: Federation, monkeypatch: pytest.MonkeyPatch) -> Federation:
    monkeypatch.setenv("MIGRATOR_CONTROLLER_URL", federation.a.controller.url)
    monkeypatch.setenv("MIGRATOR_SECRET_FILE", str(federation.folder / "secret"))
    return federation


def test_a_session_is_listed_moved_suspended_resumed_and_deleted(
    command: Federation, capsys: pytest.CaptureFixture[str]
) -> None:
    session = command.launch("commanded")
    assert main(["sessions", "list", "--user", "commanded"]) == 0
    assert session in capsys.readouterr().out

    assert main(["sessions", "move", session]) == 0
    told = capsys.readouterr().out
    assert all(event in told for event in ("notice", "standby", "frozen", "fenced", "restored", "routed"))

    assert main(["sessions", "suspend", session, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["phase"] == "suspended"
    assert main(["sessions", "resume", session, "--member", "a"]) == 0
    assert main(["sessions", "show", session]) == 0
    assert "active, epoch 4, member a" in capsys.readouterr().out
    assert main(["sessions", "delete", session]) == 0
    assert "ended" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "../../etc/passwd"], 2, "is no session id"),
        (["show", "unknown-session"], 1, "unknown-session"),
        (["move", "a\x1b[31mb"], 2, "is no session id"),
    ],
)
def test_wrong_sessions_are_told(
    command: Federation, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(["sessions", *arguments]) == code
    assert words in capsys.readouterr().err


def test_a_wrong_secret_and_no_controller_are_told(
    command: Federation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("w" * 40)
    assert main(["sessions", "list", "--secret-file", str(tmp_path / "wrong")]) == 1
    assert "federation's secret" in capsys.readouterr().err
    assert main(["sessions", "list", "--controller", f"http://127.0.0.1:{free_ports(1)[0]}"]) == 1
    assert "does not answer" in capsys.readouterr().err

"""What the chart's file does to a hub's configuration. In a hub on Kubernetes it is loaded by the tests of the chart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from traitlets.config import Config

FILES = Path(__file__).parents[2] / "deploy/helm/session-migrator/files"
SETTINGS = {
    "controller": "http://127.0.0.1:1",
    "injector": "injector:1",
    "pullPolicy": "Never",
    "graceS": 30,
    "hold": True,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As it is mounted into a hub."""
    for file in FILES.glob("hub_*.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "hub.json").write_text(json.dumps(SETTINGS))
    (tmp_path / "secret").write_text("federation-secret-of-at-least-32-bytes")
    return tmp_path


def loaded(folder: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration after the file has had its say."""
    monkeypatch.syspath_prepend(str(folder))
    text = (folder / "hub_config.py").read_text()
    assert '"/etc/session-migrator"' in text
    code = compile(text.replace('"/etc/session-migrator"', repr(str(folder))), "hub_config.py", "exec")
    exec(code, {"get_config": lambda: config, "__name__": "hub_config"})
    return config


def test_calls_to_a_busy_api_server_are_not_given_up_while_they_are_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawner = loaded(folder, Config(), monkeypatch).KubeSpawner
    assert (spawner.k8s_api_request_timeout, spawner.k8s_api_request_retry_timeout) == (15, 90)
    assert spawner.delete_grace_period == SETTINGS["graceS"]


def test_what_the_operator_has_set_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Config({"KubeSpawner": {"k8s_api_request_timeout": 40}})
    spawner = loaded(folder, given, monkeypatch).KubeSpawner
    assert (spawner.k8s_api_request_timeout, spawner.k8s_api_request_retry_timeout) == (40, 90)

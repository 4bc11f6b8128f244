"""What the project's own files say of it, each thing once."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
CHART = yaml.safe_load((CHECKOUT / "deploy/helm/session-migrator/Chart.yaml").read_text())
PAGE = json.loads((CHECKOUT / "jupyter_extension/lab/package.json").read_text())


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", each, maxsplit=1)[0].lower() for each in requirements}


def test_what_runs_in_a_users_pod_installs_neither_boto3_nor_kubernetes() -> None:
    assert not {each for each in names(PYPROJECT["project"]["dependencies"]) if each.startswith(("boto", "kubernetes"))}
    assert {"boto3", "kubernetes"} <= names(PYPROJECT["project"]["optional-dependencies"]["control"])


def test_metadata_stands_in_one_file_and_the_tools_settings_in_the_other() -> None:
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg")
    assert not {name for name in setup.sections() if name.split(":")[0] in {"metadata", "options"}}
    assert set(PYPROJECT.get("tool", {})) <= {"setuptools", "distutils"}


def test_there_is_one_version() -> None:
    versions = {PYPROJECT["project"]["version"], PAGE["version"], CHART["version"], CHART["appVersion"]}
    assert len(versions) == 1


@pytest.mark.xdist_group("alone")
def test_what_shares_something_dear_reaches_one_worker(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("this run does not spread its tests by groups")
    assert request.node.nodeid.endswith("@alone"), "groups have no effect: each worker makes its own federation"

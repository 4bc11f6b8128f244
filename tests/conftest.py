"""The rigs that tests of several rooms share, and how tests are spread over workers."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.end_to_end.journey", "tests.rigs")
pytest_plugins = ["tests.rigs.federation"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all that needs the federation: it is started once, and half of the machine is enough for it."""
    for item in items:
        if item.get_closest_marker("federation"):
            item.add_marker(pytest.mark.xdist_group("federation"))

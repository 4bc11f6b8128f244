"""The rigs that tests of several rooms share, and how tests are spread over workers."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.end_to_end.journey", "tests.end_to_end.states", "tests.rigs")
pytest_plugins = ["tests.rigs.federation"]


@pytest.hookimpl(tryfirst=True)  # the groups must be there when the workers look for them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A federation is started once: all tests that need the same one go to the same worker."""
    for item in items:
        if "federation" in getattr(item, "fixturenames", ()):
            which = "controllers" if "controller" in item.path.parts else "demo"
            item.add_marker(pytest.mark.xdist_group(which))

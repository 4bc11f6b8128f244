"""The rigs that tests of several rooms share, and how tests are spread over workers."""

from __future__ import annotations

import os

import pytest

# Hundreds of interpreters start here, and each would compile what it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
pytest.register_assert_rewrite(
    "tests.end_to_end.journey", "tests.end_to_end.states", "tests.end_to_end.triggers", "tests.rigs"
)
pytest_plugins = ["tests.rigs.federation"]


@pytest.hookimpl(tryfirst=True)  # the groups must be there when the workers look for them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is dear is made once: all tests that need the same federation, or the same moved cases, go to the same worker."""
    for item in items:
        needed = getattr(item, "fixturenames", ())
        if "federation" in needed:
            which = "controllers" if "controller" in item.path.parts else "demo"
            item.add_marker(pytest.mark.xdist_group(which))
        elif "hubs" in needed:
            item.add_marker(pytest.mark.xdist_group("hubs with users"))
        elif "moved" in needed:
            item.add_marker(pytest.mark.xdist_group("moved cases"))
